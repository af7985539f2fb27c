import { type Command, Option } from 'commander';
import { UsageError } from '../../lib/usage-error.ts';
import type { BreakerOptions } from '../breaker/breaker.ts';
import type { SwitchOptions } from '../switch/switch.ts';
import { printResult, type Watched, withWatchFlag } from './watch.ts';
import { withConnectionFlags } from './cluster-flags.ts';
import { addCommand, flagTexts, outputOption, print } from './command.ts';

export function addSwitchCommands(program: Command): void {
  addStop(program);
  addStart(program);
  addBreaker(program);
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

function addBreaker(program: Command): void {
  const command = addCommand(program, 'breaker', {
    summary: 'Show the circuit breakers that are open, or close them',
    description:
      'Shows the workloads and profiles whose pods fail because of the agent, or may do so, as the observer has seen it: since when, until when, and ' +
      'why. With --reset, closes their breakers, so that new pods get the agent again.',
    examples: [
      ['Show all circuit breakers', 'breaker'],
      ['Let the pods of a Deployment have the agent again', 'breaker deploy/web -n shop --reset'],
    ],
  })
    .argument('[KIND/NAME]', 'Workload, such as deploy/web. Requires -n. Default: all.')
    .option('-n, --namespace <NAMESPACE>', 'Only workloads of this namespace. Default: all.')
    .option('--profile <NAME>', 'Only breakers about this profile. Default: all.')
    .option('--reset', 'Close the breakers that KIND/NAME and the other flags name.')
    .option('--all', 'With --reset: close all.')
    .option('--revision <REVISION>', 'Only the release with this revision. Default: all releases of the cluster.')
    .option(
      '--breaker <NAMESPACE/NAME>',
      'ConfigMap of the observer. Default: found by the webhook configuration of the servers.',
    )
    .addOption(outputOption('json', 'yaml'));
  withConnectionFlags(withWatchFlag(command)).action(
    async (target: string | undefined, { watch, ...flags }: Omit<BreakerOptions, 'target'> & Watched) => {
      const { breaker } = await import('../breaker/breaker.ts');
      if (watch && flags.reset) throw new UsageError(['--watch only shows: it cannot be used with --reset']);
      return printResult({ watch }, () => breaker({ ...flags, target }));
    },
  );
}

function withSwitchFlags(command: Command): Command {
  return withConnectionFlags(command)
    .option('-n, --namespace <NAMESPACE>', 'Only this namespace. Default: the whole cluster.')
    .option('--profile <NAME>', 'Only this profile. Default: all.')
    .option('--profiles <DIR>', `${flagTexts.profiles} For a --profile of your own.`)
    .option('--revision <REVISION>', 'Only the release with this revision. Default: all releases of the cluster.')
    .option(
      '--switch <NAMESPACE/NAME>',
      'ConfigMap that the servers watch. Default: found by their webhook configuration.',
    );
}
