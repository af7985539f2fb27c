import { type Command, InvalidArgumentError, Option } from 'commander';
import { LIFETIME, millisecondsOf } from '../../config/value-kinds.ts';
import type { CommandResult } from '../command-result.ts';
import { linesText, outputText } from './output.ts';
import { forTerminal } from './colour.ts';

interface CommandHelp {
  readonly summary: string;
  readonly description: string;
  readonly examples: readonly (readonly [what: string, line: string])[];
}

/** The command that prints the help of another one. */
export const HELP_COMMAND = ['help [COMMAND]', 'Print the help of a command'] as const;

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

export function print({ output, messages = [], exitCode }: CommandResult): void {
  process.stdout.write(forTerminal(outputText(output), output.kind, process.stdout));
  process.stderr.write(linesText(messages));
  process.exitCode = exitCode;
}

/** The formats of a command that prints text, in the order of the help. */
export function outputOption(...formats: readonly string[]): Option {
  return formatOption('text', ...formats);
}

/** The formats of a command that prints a list. */
export function listOption(...formats: readonly string[]): Option {
  return formatOption('table', ...formats);
}

function formatOption(standard: string, ...formats: readonly string[]): Option {
  return new Option('-o, --output <FORMAT>', 'Output format.').choices([standard, ...formats]).default(standard);
}

export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
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
  imageFacts: 'File of facts about images, as `image -o facts` writes it.',
  images: 'Read the images of the manifests from their registries, with the credentials of docker login.',
  revision: 'Revision of the release to act for: it serves namespaces with that label. Default: none.',
  kubeconfig: 'Path to the kubeconfig file. Default: KUBECONFIG, then ~/.kube/config.',
  files: 'Manifest file, directory of them, https address, or - for standard input.',
  recursive: 'Also read the directories in a directory.',
  selector: 'Label selector, as kubectl takes it, such as app=web,tier!=cache.',
} as const;
