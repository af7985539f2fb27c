import { type Breaker, breakersOf, readBreakers } from '../../api/breaker.ts';
import { readConfigMap } from '../../cluster/one-shot.ts';
import type { ObjectName } from '../../cluster/object-name.ts';
import { changeConfigMap } from '../../cluster/switch-store.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { workloadKindNamed } from '../../kubernetes/workload.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { type ClusterOptions, openUserCluster } from '../../server/cluster.ts';
import type { CommandOutput, CommandResult } from '../command-result.ts';
import { dataOutput } from '../data-output.ts';
import { formatTable } from '../format.ts';
import { findReleases, releaseNamed } from '../switch/releases.ts';

export interface BreakerOptions extends ClusterOptions {
  readonly target?: string | undefined;
  readonly namespace?: string | undefined;
  readonly profile?: string | undefined;
  readonly reset?: boolean;
  readonly all?: boolean;
  readonly revision?: string | undefined;
  readonly breaker?: string | undefined;
  readonly output: 'text' | 'json' | 'yaml';
}

interface Found {
  readonly at: ObjectName;
  readonly key: string;
  readonly breaker: Breaker;
}

/** Shows the circuit breakers that are not closed, or closes some and shows those. Throws an Error if they cannot be read or written. */
export async function breaker(options: BreakerOptions): Promise<CommandResult> {
  const isMeant = selection(options);
  const client = await openUserCluster(options);
  const found = (await readAll(client, await placesOf(client, options))).filter(({ breaker: one }) => isMeant(one));
  const breakers = found.map((one) => one.breaker);
  if (options.reset === true) await reset(client, found);
  return { output: breakerOutput(breakers, options), exitCode: 0 };
}

/** The breakers as they were found: with `reset`, those that are closed now. */
export function breakerOutput(
  all: readonly Breaker[],
  { output: format, reset: isReset }: Pick<BreakerOptions, 'output' | 'reset'>,
): CommandOutput {
  if (format !== 'text') return dataOutput(format, all);
  return { kind: 'lines', lines: isReset === true ? closedLines(all) : tableOf(all) };
}

/** Which breakers the flags name. Throws a UsageError if none is named where some are to be closed. */
function selection({ target, namespace, profile, reset: isReset, all }: BreakerOptions): (one: Breaker) => boolean {
  if (isReset === true && target === undefined && profile === undefined && namespace === undefined && all !== true)
    throw new UsageError(['--reset requires KIND/NAME with -n, or -n alone, or --profile, or --all']);
  const shown = target === undefined ? undefined : workloadIn(target);
  if (shown !== undefined && namespace === undefined) throw new UsageError(['KIND/NAME requires the namespace: -n']);
  return (one) =>
    (shown === undefined || one.shown === shown) &&
    (namespace === undefined || one.namespace === namespace) &&
    (profile === undefined || Object.hasOwn(one.profiles, profile));
}

function workloadIn(target: string): string {
  const [kind = '', name = '', ...rest] = target.split('/');
  const known = workloadKindNamed(kind);
  if (!known || name === '' || rest.length > 0)
    throw new UsageError([`"${target}" must be KIND/NAME, such as deploy/web`]);
  return `${known.kind}/${name}`;
}

async function placesOf(client: KubeClient, { breaker: at, revision }: BreakerOptions): Promise<readonly ObjectName[]> {
  if (at !== undefined) return [releaseNamed(at, '--breaker').configMap];
  return (await findReleases(client, revision, '--breaker')).map(({ service }) => breakersOf(service));
}

async function readAll(client: KubeClient, places: readonly ObjectName[]): Promise<readonly Found[]> {
  const all = await Promise.all(
    places.map(async (at) => {
      const data = await readConfigMap(client, at);
      return data ? [...readBreakers(data)].map(([key, one]) => ({ at, key, breaker: one })) : undefined;
    }),
  );
  const read = all.filter((one) => one !== undefined);
  if (read.length > 0) return read.flat();
  const names = places.map(({ namespace, name }) => `${namespace}/${name}`).join(', ');
  throw new Error(`ConfigMap ${names} could not be read: is the observer installed (observer.enabled in the chart)?`);
}

async function reset(client: KubeClient, found: readonly Found[]): Promise<void> {
  await Promise.all(
    found.map(async ({ at, key }) => {
      const done = await changeConfigMap(client, at, { [key]: null });
      if (!done.ok) throw new Error(`ConfigMap ${at.namespace}/${at.name}: ${done.why}`);
    }),
  );
}

function closedLines(closed: readonly Breaker[]): readonly string[] {
  return closed.length === 0
    ? ['no such breaker is open']
    : [...closed.map((one) => `closed: ${subjectOf(one)}`), RESTART];
}

const RESTART =
  'Pods that started without the agent get it when they are created again: kubectl -n NAMESPACE rollout restart deployment/NAME';

function subjectOf({ namespace, shown, profiles }: Breaker): string {
  const names = Object.keys(profiles).join();
  return shown === '' ? `profile ${names}` : `${namespace}/${shown} (${names})`;
}

function tableOf(all: readonly Breaker[]): readonly string[] {
  if (all.length === 0) return ['all circuit breakers are closed'];
  const rows = all.map(({ namespace, shown, profiles, phase, stops, since, until, why }) => [
    namespace === '' ? '-' : namespace,
    shown === '' ? '-' : shown,
    Object.keys(profiles).join(),
    phase,
    stops ? 'stopped' : 'reported',
    new Date(since).toISOString(),
    new Date(until).toISOString(),
    why,
  ]);
  return formatTable([['NAMESPACE', 'WORKLOAD', 'PROFILE', 'PHASE', 'INJECTION', 'SINCE', 'UNTIL', 'WHY'], ...rows]);
}
