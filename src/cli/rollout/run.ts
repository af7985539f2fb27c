import { isOptedIn } from '../../admission/opt-in.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { type PlannedWorkload, workloadId } from '../../diagnostics/rollout/plan.ts';
import { systemClock } from '../../lib/clock.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { openUserCluster } from '../../server/cluster.ts';
import type { CommandResult } from '../command-result.ts';
import { Evictions } from './evict.ts';
import { gapsIn, type Pace, paceOf, type RunFlags } from './options.ts';
import type { Replacer } from './replacer.ts';
import { Restarts } from './restart.ts';
import { Rollout } from './rollout.ts';
import { readSurvey, type Survey } from './survey.ts';
import { planLines, UNDECIDED } from './table.ts';
import type { Cluster } from './target.ts';

/** How the command talks while it runs. */
export interface Terminal {
  readonly print: (line: string) => void;
  /** Undefined if there is no one to ask. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined;
}

/** Replaces the pods that are not what would be created now. Throws an Error or a UsageError before anything is changed. */
export async function rolloutRun(flags: RunFlags, terminal: Terminal): Promise<CommandResult> {
  const pace = paceOf(flags);
  const gaps = gapsIn(flags);
  if (!flags.yes && !flags.dryRun && !terminal.confirm)
    throw new UsageError(['there is no terminal to confirm on: add --yes, or --dry-run to see what would be done']);
  const client = await openUserCluster(flags);
  const survey = await readSurvey(client, flags);
  const fit = survey.workloads.filter(({ blocked }) => blocked === undefined);
  requireKnownServer(survey, flags);
  for (const line of planLines(survey.workloads)) terminal.print(line);
  for (const note of survey.notes) terminal.print(`note: ${note}`);
  if (fit.length + survey.unfinished.length === 0) return ended(0);
  const cluster: Cluster = { client, known: survey.known, gaps };
  const replacer =
    flags.mode === 'evict' ? new Evictions(cluster, pace, systemClock) : new Restarts(cluster, pace, systemClock);
  if (flags.dryRun) return ended(await rehearse(fit, replacer, terminal));
  if (!(await isConfirmed(flags, terminal, fit.length))) return ended(1, ['nothing was changed']);
  return ended(await runAll({ survey, fit, replacer, pace }, client, terminal));
}

/** Without the settings of the server, a restart could take an agent away that this command only does not know of. */
function requireKnownServer({ known, isUndecided, notes }: Survey, { config }: RunFlags): void {
  if (isUndecided) throw new Error([UNDECIDED, ...notes].join('; '));
  if (config !== undefined) return;
  const isUnknown = [...known.namespaces.values()].some(
    (namespace) => isOptedIn(namespace) && known.settingsFor(namespace).from === undefined,
  );
  if (isUnknown)
    throw new Error(
      'the configuration of the server could not be read, so what new pods get is not known: use --config FILE',
    );
}

async function isConfirmed({ yes }: RunFlags, { confirm }: Terminal, count: number): Promise<boolean> {
  if (yes || !confirm) return true;
  return confirm(`Replace the pods of ${count} ${count === 1 ? 'workload' : 'workloads'}?`);
}

interface Everything {
  readonly survey: Survey;
  readonly fit: readonly PlannedWorkload[];
  readonly replacer: Replacer;
  readonly pace: Pace;
}

function runAll(
  { survey: { unfinished }, fit, replacer, pace }: Everything,
  { serverClock }: KubeClient,
  { print }: Terminal,
): Promise<0 | 1> {
  const ids = new Set(unfinished.map(workloadId));
  const waiting = fit.filter((one) => !ids.has(workloadId(one)));
  const wall = (): number => (serverClock?.now() ?? new Date()).getTime();
  return new Rollout({ replacer, pace, print, clock: systemClock, wall }).run(waiting, unfinished);
}

/** Asks the API server about each change, as a dry run. */
async function rehearse(fit: readonly PlannedWorkload[], replacer: Replacer, { print }: Terminal): Promise<0 | 1> {
  let exitCode: 0 | 1 = 0;
  for (const workload of fit) {
    // oxlint-disable-next-line no-await-in-loop -- in the order of the run
    const begun = await replacer.begin(workload, true);
    const isRefused = begun.kind === 'failed';
    if (isRefused) exitCode = 1;
    const why = 'why' in begun ? `: ${begun.why}` : '';
    print(
      `${isRefused || begun.kind === 'skipped' ? 'would not begin' : 'would begin'}  ${workloadId(workload)}${why}`,
    );
  }
  return exitCode;
}

function ended(exitCode: 0 | 1, messages: readonly string[] = []): CommandResult {
  return { output: { kind: 'lines', lines: [] }, messages, exitCode };
}
