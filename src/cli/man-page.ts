import type { Command, Option } from 'commander';
import { exitCodes } from './program/exit-code.ts';

const ENVIRONMENT: readonly (readonly [variable: string, meaning: string])[] = [
  ['AGENT_INJECTOR_*', 'Settings of serve and observe, one for each of their flags.'],
  ['KUBECONFIG', 'Kubeconfig of the cluster. Default: ~/.kube/config.'],
  ['NO_COLOR', 'If it is set, nothing is coloured.'],
];

/** The manual page in the macros of man(7): all commands with their flags, from the program itself. */
export function manPage(program: Command, version: string): string {
  const all = program.createHelp().visibleCommands(program);
  const nested = all.flatMap((one) => {
    const within = one.commands.filter((inner) => inner.name() !== 'help');
    return within.length > 0 ? within : [one];
  });
  return [
    `.TH AGENT\\-INJECTOR 1 "" ${quoted(`agent-injector ${version}`)} "User Commands"`,
    '.SH NAME',
    `agent\\-injector \\- ${escaped(uncapitalized(program.description()))}`,
    '.SH SYNOPSIS',
    '.B agent\\-injector',
    '.I COMMAND',
    '[flags]',
    '.SH COMMANDS',
    ...nested.flatMap((command) => commandLines(command, program)),
    '.SH EXIT STATUS',
    ...Object.entries(exitCodes).flatMap(([code, meaning]) => ['.TP', `.B ${code}`, line(meaning)]),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([variable, meaning]) => ['.TP', `.B ${escaped(variable)}`, line(meaning)]),
    '.SH SEE ALSO',
    'kubectl(1), helm(1)',
    '',
  ].join('\n');
}

function commandLines(command: Command, program: Command): readonly string[] {
  const parent = command.parent && command.parent !== program ? `${command.parent.name()} ` : '';
  const help = program.createHelp();
  const args = command.registeredArguments.map((one) => {
    const name = `${one.name()}${one.variadic ? '...' : ''}`;
    return one.required ? name : `[${name}]`;
  });
  return [
    `.SS ${quoted([`${parent}${command.name()}`, ...args].join(' '))}`,
    line(command.description()),
    ...help.visibleOptions(command).flatMap(optionLines),
  ];
}

function optionLines(option: Option): readonly string[] {
  const choices = option.argChoices ? ` One of: ${option.argChoices.join(', ')}.` : '';
  return ['.TP', `.B ${escaped(option.flags)}`, line(`${option.description}${choices}`)];
}

/** `Injects …, as ….` as the text behind the name, which has no capital and no full stop. */
function uncapitalized(sentence: string): string {
  return `${sentence.slice(0, 1).toLowerCase()}${sentence.slice(1).replace(/\.$/, '')}`;
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', String.raw`\(dq`)}"`;
}

/** A line of text: one that begins with a dot or an apostrophe would be a request. */
function line(text: string): string {
  const plain = escaped(text);
  return /^[.']/.test(plain) ? String.raw`\&${plain}` : plain;
}

function escaped(text: string): string {
  return text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll('`', String.raw`\(ga`)
    .replaceAll('~', String.raw`\(ti`)
    .replaceAll('^', String.raw`\(ha`)
    .replaceAll(/\s+/g, ' ');
}
