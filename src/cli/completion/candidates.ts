import type { Argument, Command, Option } from 'commander';

/** A word that may come next, with what it is. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What comes next: words of the program, or what only the shell or the cluster knows. */
export type Completion =
  | { readonly kind: 'words'; readonly candidates: readonly Candidate[] }
  | { readonly kind: 'files' | 'directories' }
  | { readonly kind: 'namespaces' | 'contexts' | 'profiles' | 'reasons' | 'workloads' };

const NOTHING: Completion = { kind: 'words', candidates: [] };

/** By the placeholder of a flag or argument. Of other placeholders nothing is known. */
const placeholders: Readonly<Record<string, Completion>> = {
  FILE: { kind: 'files' },
  PATH: { kind: 'files' },
  DIR: { kind: 'directories' },
  NAMESPACE: { kind: 'namespaces' },
  CONTEXT: { kind: 'contexts' },
  NAME: { kind: 'profiles' },
  NAMES: { kind: 'profiles' },
  CODE: { kind: 'reasons' },
  TARGET: { kind: 'workloads' },
  'KIND/NAME': { kind: 'workloads' },
};

/** Completes the last of the words after the name of the program, by the commands and flags that the program, or a command of commands, defines. */
export function complete(program: Command, given: readonly string[]): Completion {
  // Bash makes `=` a word of its own.
  const last = given.at(-1) ?? '';
  const current = last === '=' ? '' : last;
  const before = given.slice(0, -1).filter((word) => word !== '=');
  const name = before.find((word) => !word.startsWith('-'));
  if (name === undefined || name === 'help') return starting(current, commandsOf(program));
  const command = program.commands.find((one) => one.name() === name);
  if (!command) return NOTHING;
  const rest = before.slice(before.indexOf(name) + 1);
  return command.commands.length > 0 ? complete(command, [...rest, last]) : ofCommand(command, rest, current);
}

function ofCommand(command: Command, before: readonly string[], current: string): Completion {
  const assigned = /^(--[\w-]+)=(.*)$/.exec(current);
  if (assigned) return valueOf(optionNamed(command, assigned[1] ?? ''), assigned[2] ?? '', `${assigned[1]}=`);
  const awaiting = optionNamed(command, before.at(-1) ?? '');
  if (awaiting && takesValue(awaiting)) return valueOf(awaiting, current, '');
  if (current.startsWith('-')) return starting(current, flagsOf(command));
  return valueOf(argumentAt(command, before), current, '');
}

function commandsOf(program: Command): readonly Candidate[] {
  // createHelp leaves hidden commands out.
  return program
    .createHelp()
    .visibleCommands(program)
    .map((one) => ({ word: one.name(), description: one.summary() || one.description() }));
}

function flagsOf(command: Command): readonly Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, description }) => (long ? [{ word: long, description }] : []));
}

function optionNamed(command: Command, word: string): Option | undefined {
  return command.options.find(({ long, short }) => word === long || word === short);
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

function argumentAt(command: Command, rest: readonly string[]): Argument | undefined {
  const given = rest.filter((word, index) => {
    const option = optionNamed(command, rest[index - 1] ?? '');
    return !word.startsWith('-') && !(option && takesValue(option));
  });
  const declared = command.registeredArguments;
  const last = declared.at(-1);
  return declared[given.length] ?? (last?.variadic ? last : undefined);
}

/** `start`: what of the word comes before the value, as in `--output=json`. */
function valueOf(of: Option | Argument | undefined, current: string, start: string): Completion {
  if (!of) return NOTHING;
  if (of.argChoices)
    return starting(
      start + current,
      of.argChoices.map((word) => ({ word: start + word, description: '' })),
    );
  return placeholders[placeholderOf(of)] ?? NOTHING;
}

/** `FILE` of `-f, --file <FILE>` and of `[FILE...]`. */
function placeholderOf(of: Option | Argument): string {
  if (!('flags' in of)) return of.name();
  return /[<[]([\w-]+)/.exec(of.flags)?.[1] ?? '';
}

export function starting(current: string, candidates: readonly Candidate[]): Completion {
  return { kind: 'words', candidates: candidates.filter(({ word }) => word.startsWith(current)) };
}
