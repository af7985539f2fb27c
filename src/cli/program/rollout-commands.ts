import { type Command, Option } from 'commander';
import { GAPS, MODES } from '../../diagnostics/rollout/gaps.ts';
import type { RunFlags } from '../rollout/options.ts';
import type { RolloutPlanOptions } from '../rollout/plan.ts';
import { withInputFlags, withNamespaceFlags } from './cluster-flags.ts';
import { addCommand, HELP_COMMAND, outputOption, print } from './command.ts';
import { printResult, type Watched, withWatchFlag } from './watch.ts';
import { linesText } from './output.ts';

export function addRolloutCommands(program: Command): void {
  const rollout = addCommand(program, 'rollout', {
    summary: 'Restart workloads whose pods have no agent, an earlier version, or one that is left over',
    description:
      'Restarts workloads whose pods are not what would be created now: their agent is missing, outdated or left over. Works with your own rights.',
    examples: [
      ['Show what would be restarted', 'rollout plan'],
      ['Restart it, one workload after the other', 'rollout run'],
    ],
  });
  addPlan(rollout);
  addRun(rollout);
  rollout.helpCommand(...HELP_COMMAND);
}

function addPlan(rollout: Command): void {
  const command = addCommand(rollout, 'plan', {
    summary: 'Show which workloads would be restarted',
    description:
      'Shows each workload whose pods are not what would be created now, with its strategy, its PodDisruptionBudgets and warnings. Changes nothing.',
    examples: [
      ['Show what would be restarted in a namespace', 'rollout plan -n shop'],
      ['Show only outdated workloads, as JSON', 'rollout plan -A --reason outdated -o json'],
    ],
  });
  withPlanFlags(withWatchFlag(command))
    .addOption(outputOption('json', 'yaml'))
    .action(async ({ watch, ...flags }: RolloutPlanOptions & Watched) => {
      const { rolloutPlan } = await import('../rollout/plan.ts');
      return printResult({ watch }, () => rolloutPlan(flags));
    });
}

function addRun(rollout: Command): void {
  const command = addCommand(rollout, 'run', {
    summary: 'Restart these workloads, a few at a time',
    description:
      'Restarts the workloads of the plan, a few at a time, and waits for each. Stops at the first whose new pods crash or that makes no progress. ' +
      'Run the same command again to go on: what was done is known from the cluster. Exit code 1 if it stopped, skipped a workload or was not confirmed.',
    examples: [
      ['Restart what has no agent or an earlier version, three at a time', 'rollout run -n shop --at-a-time 3'],
      ['At night only, without questions', "rollout run -A --window '22:00-05:00 Asia/Seoul' --yes"],
      ['Let PodDisruptionBudgets decide', 'rollout run -n shop --mode evict'],
    ],
  });
  withPlanFlags(command)
    .option('--at-a-time <NUMBER>', 'Workloads that may be in progress.', '1')
    .option('--per-namespace <NUMBER>', 'Workloads of one namespace that may be in progress. Default: no limit.')
    .option('--pause <DURATION>', 'Time between the end of a workload and the start of the next.', '0s')
    .option('--settle <DURATION>', 'Time for which the new pods must be available.', '10s')
    .option('--timeout <DURATION>', 'Time without progress after which a workload has failed.', '10m')
    .option('--window <HH:MM-HH:MM ZONE>', 'Time of day in which workloads are begun. Default: always.')
    .option('--dry-run', 'Ask the API server about each change, without making it.')
    .option('-y, --yes', 'Do not ask for confirmation.')
    .action(async (flags: RunFlags) => {
      const { rolloutRun } = await import('../rollout/run.ts');
      const { confirmation } = await import('../rollout/confirm.ts');
      const terminal = {
        print: (line: string): void => void process.stdout.write(linesText([line])),
        confirm: confirmation(),
      };
      print(await rolloutRun(flags, terminal));
    });
}

function withPlanFlags(command: Command): Command {
  return withInputFlags(withNamespaceFlags(command))
    .option('--reason <REASONS>', `Only these: ${GAPS.join(', ')}. Default: all but stopped.`)
    .addOption(
      new Option('--mode <MODE>', 'With restart, by the pod template. With evict, pod by pod, by the Eviction API.')
        .choices(MODES)
        .default('restart'),
    );
}
