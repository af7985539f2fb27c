import { WEBHOOK_CONFIGURATIONS } from '../../cluster/webhook-configuration/entries.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import { isOptedIn } from '../../admission/opt-in.ts';
import { type OfflineInputs, offlineInputs, type OfflineOptions } from '../../config/catalogue.ts';
import { millisecondsOf } from '../../config/value-kinds.ts';
import { type GroupedCheck, inGroup } from '../../diagnostics/checks/check.ts';
import { sleep, systemClock } from '../../lib/clock.ts';
import { objectsIn } from '../../lib/json.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { type ClusterOptions, openUserCluster } from '../../server/cluster.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { readNamespaceObject } from '../cluster/namespaces.ts';
import type { CommandResult } from '../command-result.ts';
import { dataOutput } from '../data-output.ts';
import type { SettingsFor } from '../installed-settings.ts';
import { clusterSettings } from '../policy-settings.ts';
import { checkCluster } from './cluster.ts';
import { checkNamespaces, checkPodsOf } from './namespaces.ts';
import { checkLines, checkSummary } from './report.ts';
import { checkCertificates, checkConfigurations, checkServers } from './server.ts';
import { readWorld, type Surroundings } from './world.ts';

export interface CheckOptions extends OfflineOptions, ClusterOptions {
  readonly pre?: boolean | undefined;
  /** The longest time to wait, as `5m`. */
  readonly wait?: string | undefined;
  readonly namespace?: string | undefined;
  readonly output: 'text' | 'json' | 'yaml';
}

const INTERVAL_MS = 2000;

/** Checks a cluster, and the servers in it. Creates nothing: pods are sent as dry runs. Throws an Error if the cluster does not answer. */
export async function check(options: CheckOptions): Promise<CommandResult> {
  const until = options.wait === undefined ? 0 : performance.now() + durationOf(options.wait);
  const own = await offlineInputs(options);
  const client = await openUserCluster(options);
  if (options.namespace !== undefined) await readNamespaceObject(client, options.namespace);
  let checks = await checkAll(client, own, options);
  while (hasProblem(checks) && performance.now() < until) {
    // oxlint-disable-next-line no-await-in-loop -- the interval
    await sleep(systemClock, INTERVAL_MS);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    checks = await checkAll(client, own, options);
  }
  const { unknown } = checkSummary(checks);
  const exitCode = hasProblem(checks) ? 1 : unknown > 0 ? 3 : 0;
  if (options.output !== 'text')
    return { output: dataOutput(options.output, { ...checkSummary(checks), checks }), exitCode };
  return { output: { kind: 'lines', lines: checkLines(checks) }, exitCode };
}

function hasProblem(checks: readonly GroupedCheck[]): boolean {
  return checks.some(({ result }) => result === 'problem');
}

/** Throws a UsageError for anything but a number with a unit. */
function durationOf(text: string): number {
  if (/^\d{1,5}[smh]$/.test(text)) return millisecondsOf(text);
  throw new UsageError([`--wait: "${text}" must be a number with s, m or h, such as 5m`]);
}

/** Runs all checks once. */
export async function checkAll(
  client: KubeClient,
  own: OfflineInputs,
  options: Omit<CheckOptions, 'output' | 'wait'>,
): Promise<readonly GroupedCheck[]> {
  const webhooks = await readOnce(client, WEBHOOK_CONFIGURATIONS);
  const configurations = webhooks.kind === 'ok' ? objectsIn(webhooks.body, 'items') : undefined;
  const world = await readWorld(client);
  const settingsFor: SettingsFor = await clusterSettings(client, options, own, configurations);
  const surroundings: Surroundings = { client, settingsFor, configurations, world };
  const ofCluster = inGroup('cluster', await checkCluster(surroundings, options));
  if (options.pre) return ofCluster;
  const enabled = [...world.namespaces.values()].filter(isOptedIn);
  const servers = inGroup('server', await checkServers(surroundings, enabled));
  const installed = servers.find(({ name }) => name === 'installed');
  const readPods = async () => (options.namespace === undefined ? [] : checkPodsOf(options.namespace, options));
  // A user who may not see the servers can still look at pods of their own.
  if (installed?.result === 'unknown') return [...ofCluster, ...servers, ...inGroup('namespace', await readPods())];
  if (installed?.result === 'problem') return [...ofCluster, ...servers];
  const [configuration, certificates, namespaces, ofPods] = await Promise.all([
    checkConfigurations(surroundings),
    checkCertificates(client, configurations ?? [], new Date()),
    checkNamespaces(surroundings, enabled),
    readPods(),
  ]);
  return [
    ...ofCluster,
    ...servers,
    ...inGroup('configuration', configuration),
    ...inGroup('certificates', certificates),
    ...inGroup('namespaces', namespaces),
    ...inGroup('namespace', ofPods),
  ];
}
