import { Command } from 'commander';
import { basename } from 'node:path';
import { HELP_COMMAND } from './command.ts';
import { addDiagnosticCommands } from './diagnostic-commands.ts';
import { addManifestCommands } from './manifest-commands.ts';
import { addOtherCommands } from './other-commands.ts';
import { addProfileCommands } from './profile-commands.ts';
import { commanderOutput } from './output.ts';
import { addRolloutCommands } from './rollout-commands.ts';
import { addServerCommands } from './server-commands.ts';
import { addSwitchCommands } from './switch-commands.ts';

/** All commands and their flags. A command's implementation is loaded when it runs, so that `serve` starts without the others. */
export function createProgram(executable = ''): Command {
  // kubectl runs plugins by an executable name of their own.
  const name = basename(executable).startsWith('kubectl-') ? 'kubectl agent-injector' : 'agent-injector';
  const program = new Command(name)
    .description('Injects APM agents into Kubernetes pods, as a mutating admission webhook or into manifest files.')
    .version(VERSION, '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Print help.')
    .exitOverride()
    .configureOutput(commanderOutput)
    .showHelpAfterError(`See '${name} --help' for usage.`)
    .addHelpText('after', `\nUse "${name} COMMAND --help" for the flags of a command and examples.`);
  addServerCommands(program.commandsGroup('Server commands:'));
  addManifestCommands(program.commandsGroup('Manifest commands:'));
  addProfileCommands(program.commandsGroup('Profile commands:'));
  addDiagnosticCommands(program.commandsGroup('Diagnostic commands:'));
  addRolloutCommands(program.commandsGroup('Commands for running workloads:'));
  addSwitchCommands(program.commandsGroup('Commands for an emergency:'));
  addOtherCommands(program.commandsGroup('Other commands:'));
  return program.helpCommand(...HELP_COMMAND);
}
