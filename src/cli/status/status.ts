import { timeOf } from '../../cluster/caches/injected-pods.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { offlineInputs, type OfflineOptions } from '../../config/catalogue.ts';
import { type WorkloadStatus, WorkloadStatuses } from '../../diagnostics/workload-status.ts';
import { obstacleFor } from '../../diagnostics/decisions/obstacle.ts';
import type { ClusterState } from '../../kubernetes/cluster-state.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { SettingSources } from '../../settings/resolve.ts';
import { type ClusterOptions, openUserCluster } from '../../server/cluster.ts';
import { type KnownBreakers, readKnownBreakers } from '../cluster/breakers.ts';
import { type KnownNamespaces, readNamespaces } from '../cluster/namespaces.ts';
import { type NamespacedPod, type NamespaceScope, readPods } from '../cluster/reader.ts';
import { readWebhookConfigurations } from '../cluster/webhooks.ts';
import type { CommandOutput, CommandResult } from '../command-result.ts';
import { dataOutput } from '../data-output.ts';
import type { ServerSettings, SettingsFor } from '../installed-settings.ts';
import { clusterSettings } from '../policy-settings.ts';
import { readClusterStates } from '../cluster/state.ts';
import { unreadNotes } from '../cluster/unread-notes.ts';
import { LifeSigns } from './life-signs.ts';
import { statusTable } from './table.ts';

export interface StatusOptions extends StatusScope, ClusterOptions {
  /** Look for signs of life in pods that run, as `verify` does. */
  readonly verify?: boolean | undefined;
  readonly output: 'table' | 'wide' | 'json' | 'yaml';
}

type StatusScope = NamespaceScope & OfflineOptions;

interface Report {
  readonly workloads: readonly WorkloadStatus[];
  /** What the server would decide now is not known, and no gap is counted. */
  readonly isUndecided?: true;
  /** What could not be read, and what follows from that. */
  readonly notes: readonly string[];
}

/** Shows what became of the pods of each workload, with the rights of the user. Throws an Error if the pods cannot be listed. */
export async function status(options: StatusOptions): Promise<CommandResult> {
  const client = await openUserCluster(options);
  const { report } = await readStatuses(client, options, options.verify ? { lifeSigns: new LifeSigns(client) } : {});
  return { output: outputOf(report, options), messages: messagesOf(report, options.output), exitCode: 0 };
}

/** What decides about pods, as far as the user may read it. */
export interface Known extends KnownNamespaces {
  readonly settingsFor: SettingsFor;
  /** The webhook configurations; undefined if they cannot be read. */
  readonly configurations: readonly JsonObject[] | undefined;
}

export interface PodsRead {
  /** Receives each pod. */
  readonly onPod?: (pod: NamespacedPod) => void;
  /** Receives each pod with all that a decision on it depends on. */
  readonly onDecided?: (sources: SettingSources & { readonly cluster: ClusterState }) => void;
  /** Looks into pods that run. */
  readonly lifeSigns?: LifeSigns;
}

/** Reads the pods of the scope once. Throws an Error if they cannot be listed. */
export async function readStatuses(
  client: KubeClient,
  options: StatusScope,
  read: PodsRead = {},
): Promise<{ readonly report: Report; readonly known: Known }> {
  const known = await readKnown(client, options);
  return { known, report: await readReport(client, options, known, read) };
}

/** Throws a UsageError for files that are not valid, and an Error for a namespace that does not exist. */
export async function readKnown(client: KubeClient, options: StatusScope): Promise<Known> {
  const own = await offlineInputs(options);
  const configurations = await readWebhookConfigurations(client);
  const [settingsFor, found] = await Promise.all([
    clusterSettings(client, options, own, configurations),
    readNamespaces(client, options),
  ]);
  return { settingsFor, configurations, ...found };
}

/** What became of the pods of the scope. Throws an Error if they cannot be listed. */
export async function readReport(
  client: KubeClient,
  scope: StatusScope,
  known: Known,
  { onPod, onDecided, lifeSigns }: PodsRead,
): Promise<Report> {
  const { settingsFor, namespaces } = known;
  const namespaceOf = (name: string): Namespace => namespaces.get(name) ?? { name, labels: {}, annotations: {} };
  const statuses = new WorkloadStatuses({ timeOf, now: client.serverClock?.now().getTime() ?? Date.now() });
  const shown = new Set<string>();
  await readPods(client, scope, async (pods) => {
    const stateOf = await readClusterStates(client, pods, (name) => settingsFor(namespaceOf(name)).options);
    for (const one of pods) {
      const { namespace: name, pod } = one;
      const namespace = namespaceOf(name);
      const { catalogue, policies } = settingsFor(namespace);
      const sources = { pod, namespace, catalogue, cluster: stateOf(name) };
      shown.add(name);
      const isNamespaceKnown = namespaces.has(name);
      // oxlint-disable-next-line no-await-in-loop -- a few requests at a time
      const seen = await lifeSigns?.codeOf(sources, isNamespaceKnown);
      const { configurations } = known;
      const obstacle = isNamespaceKnown ? obstacleFor({ configurations, policies }, sources) : undefined;
      statuses.add(sources, { isNamespaceKnown, seen, obstacle });
      onPod?.(one);
      onDecided?.(sources);
    }
  });
  const breakers = await readAllBreakers(
    client,
    [...shown].map((name) => [name, settingsFor(namespaceOf(name))]),
  );
  const all = new Set([...shown, ...namespaces.keys()]);
  const settings = [...all].map((name) => settingsFor(namespaceOf(name)));
  const unknown = statuses.unknownProfiles();
  return {
    ...(statuses.hasGuesses && { isUndecided: true as const }),
    workloads: statuses.list((name) => breakers.get(name)?.all),
    notes: [
      ...known.notes,
      ...new Set([...breakers.values()].flatMap(({ problem }) => problem ?? [])),
      ...(lifeSigns?.notes() ?? []),
      ...new Set(settings.flatMap(registeredNote)),
      ...unreadNotes(client, settings),
      ...(unknown.length === 0 || statuses.hasGuesses
        ? []
        : [
            `profile ${unknown.join(', ')} is not known here, so whether its pods are outdated is not known either: use --profiles DIR`,
          ]),
    ],
  };
}

/** By namespace; the ConfigMap of a release is read once. */
async function readAllBreakers(
  client: KubeClient,
  settings: readonly (readonly [namespace: string, ServerSettings])[],
): Promise<ReadonlyMap<string, KnownBreakers>> {
  const read = new Map(
    [...new Set(settings.map(([, one]) => one))].map((one) => [one, readKnownBreakers(client, one)]),
  );
  const found = settings.map(async ([name, one]) => [name, (await read.get(one)) ?? { all: undefined }] as const);
  return new Map(await Promise.all(found));
}

/** A server whose configuration is not in the cluster is asked for by `--config`. */
function registeredNote({ unknown }: ServerSettings): readonly string[] {
  const isNote = unknown?.code === 'url' || unknown?.code === 'not-installed';
  return isNote ? [`${unknown.message}: what would be decided now is by the built-in defaults`] : [];
}

function outputOf(report: Report, { output: format, allNamespaces }: StatusOptions): CommandOutput {
  if (format === 'json' || format === 'yaml') return dataOutput(format, report);
  return { kind: 'lines', lines: statusTable(report.workloads, format === 'wide' ? 'wide' : 'narrow', allNamespaces) };
}

/** For people; the other formats have the notes. */
function messagesOf({ notes }: Report, format: StatusOptions['output']): readonly string[] {
  return format === 'json' || format === 'yaml' ? [] : notes.map((note) => `note: ${note}`);
}
