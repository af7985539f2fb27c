import { type Command, Option } from 'commander';
import type { SwitchOptions } from '../switch/switch.ts';
import { withConnectionFlags } from './cluster-flags.ts';
import { addCommand, print } from './command.ts';

export function addSwitchCommands(program: Command): void {
  addStop(program);
  addStart(program);
}

function addStop(program: Command): void {
  const command = addCommand(program, 'stop', {
    summary: 'Stop injection in the cluster, in a namespace, or of a profile',
    description:
      'Stops injection: in force in all replicas within two seconds. New pods start without the agent, also where one is required, unless ' +
      'strictRequired is on. Running pods keep their agent. Prints how to undo it.',
    examples: [
      ['Stop all injection', 'stop --reason "INC-123: pods crash at start"'],
      ['Stop one agent in one namespace', 'stop --profile acme-java -n shop'],
      ['Only report what would be injected', 'stop --mode dry-run'],
    ],
  });
  withSwitchFlags(command)
    .option('--reason <TEXT>', 'Reason, which the warnings, records and Events of new pods contain.')
    .addOption(
      new Option('--mode <MODE>', 'With dry-run, decide and report, but change no pod.')
        .choices(['off', 'dry-run'])
        .default('off'),
    )
    .action(async (flags: SwitchOptions) => {
      const { stop } = await import('../switch/switch.ts');
      print(await stop(flags));
    });
}

function addStart(program: Command): void {
  const command = addCommand(program, 'start', {
    summary: 'Start injection again after stop',
    description:
      'Undoes stop with the same flags. Pods that started without the agent get it when they are created again.',
    examples: [
      ['Start injection again', 'start'],
      ['Start one agent in one namespace again', 'start --profile acme-java -n shop'],
    ],
  });
  withSwitchFlags(command).action(async (flags: SwitchOptions) => {
    const { start } = await import('../switch/switch.ts');
    print(await start(flags));
  });
}

function withSwitchFlags(command: Command): Command {
  return withConnectionFlags(command)
    .option('-n, --namespace <NAMESPACE>', 'Only this namespace. Default: the whole cluster.')
    .option('--profile <NAME>', 'Only this profile. Default: all.')
    .option('--revision <REVISION>', 'Only the release with this revision. Default: all releases of the cluster.')
    .option(
      '--switch <NAMESPACE/NAME>',
      'ConfigMap that the servers watch. Default: found by their webhook configuration.',
    );
}
