import { type Command, InvalidArgumentError, Option } from 'commander';
import { LIFETIME, millisecondsOf } from '../../config/value-kinds.ts';
import type { CommandResult } from '../command-result.ts';
import { linesText, outputText } from './output.ts';

interface CommandHelp {
  readonly summary: string;
  readonly description: string;
  readonly examples: readonly (readonly [what: string, line: string])[];
}

/** Adds a command. Errors in its flags point to its own help. */
export function addCommand(program: Command, name: string, { summary, description, examples }: CommandHelp): Command {
  const [executable = '', ...within] = namesOf(program);
  const lines = examples.map(([what, line]) => `  # ${what}\n  ${executable} ${line}`);
  return program
    .command(name)
    .summary(summary)
    .description(description)
    .showHelpAfterError(`See '${[executable, ...within, name].join(' ')} --help' for usage.`)
    .addHelpText('after', `\nExamples:\n${lines.join('\n\n')}`);
}

/** The names of a command, with those of the commands that it is part of. */
function namesOf(command: Command): readonly string[] {
  return [...(command.parent ? namesOf(command.parent) : []), command.name()];
}

export function withNamespaceFlags(command: Command): Command {
  return command
    .option('-n, --namespace <NAMESPACE>', 'Namespace to read.', 'default')
    .option('-A, --all-namespaces', 'Read all namespaces.');
}

export function print({ output, messages = [], exitCode }: CommandResult): void {
  process.stdout.write(outputText(output));
  process.stderr.write(linesText(messages));
  process.exitCode = exitCode;
}

export function outputOption(...formats: readonly string[]): Option {
  return new Option('-o, --output <FORMAT>', 'Output format.').choices(['text', ...formats]).default('text');
}

export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/** Parses a flag that must not be repeated: commander would silently keep only the last value. */
export function once(value: string, previous: string | undefined): string {
  if (previous !== undefined) throw new InvalidArgumentError('It can be given only once.');
  return value;
}

/** Parses `90s`, `5m` and the like. */
export function durationInSeconds(value: string): number {
  const duration = LIFETIME.parse(value);
  if (duration === undefined) throw new InvalidArgumentError(`It must be ${LIFETIME.expected}.`);
  return millisecondsOf(duration) / 1000;
}

export const flagTexts = {
  config: 'Server configuration file, for its cluster-wide defaults.',
  kubernetes: 'Kubernetes version to assume, such as 1.36. Without it, features that require a version are not used.',
  profiles: 'Directory of AgentProfile documents, in addition to the built-in profiles.',
  profile: 'Profiles to inject, as if the namespace had the annotation agent-injector.io/profile.',
  set: 'Setting to use, as if the namespace had the annotation agent-injector.io/KEY. Can be repeated.',
  namespaces: 'Namespace manifests to use. Without them, a namespace that is not in the file counts as enabled.',
  revision: 'Revision of the release to act for: it serves namespaces with that label. Default: none.',
  kubeconfig: 'Path to the kubeconfig file. Default: KUBECONFIG, then ~/.kube/config.',
} as const;
