import { toNamespace } from '../../cluster/caches/namespace-object.ts';
import { describeFailure } from '../../cluster/client/errors.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import { offlineInputs, type OfflineOptions } from '../../config/catalogue.ts';
import { type WorkloadStatus, WorkloadStatuses } from '../../diagnostics/workload-status.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { openUserCluster } from '../../server/cluster.ts';
import { type NamespacedPod, type NamespaceScope, readNamespaceList, readPods } from '../cluster/reader.ts';
import type { CommandOutput, CommandResult } from '../command-result.ts';
import { serverSettings, type SettingsFor } from '../installed-settings.ts';
import { yamlText } from '../profiles/yaml.ts';
import { readClusterStates } from '../cluster/state.ts';
import { statusTable } from './table.ts';

export interface StatusOptions extends NamespaceScope, OfflineOptions {
  readonly kubeconfig?: string | undefined;
  readonly output: 'text' | 'wide' | 'json' | 'yaml';
}

interface Report {
  readonly workloads: readonly WorkloadStatus[];
  /** What could not be read, and what follows from that. */
  readonly notes: readonly string[];
}

/** Shows what became of the pods of each workload, with the rights of the user. Throws an Error if the pods cannot be listed. */
export async function status(options: StatusOptions): Promise<CommandResult> {
  const client = await openUserCluster(options.kubeconfig);
  const { report } = await readStatuses(client, options);
  return { output: outputOf(report, options), messages: messagesOf(report, options.output), exitCode: 0 };
}

/** What decides about pods, as far as the user may read it. */
export interface Known {
  readonly settingsFor: SettingsFor;
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly notes: readonly string[];
}

type OnPod = (pod: NamespacedPod) => void;

/** Reads the pods of the scope once, and passes each to `onPod`. Throws an Error if they cannot be listed. */
export async function readStatuses(
  client: KubeClient,
  options: NamespaceScope & OfflineOptions,
  onPod: OnPod = () => {},
): Promise<{ readonly report: Report; readonly known: Known }> {
  const own = await offlineInputs(options);
  const [settingsFor, found] = await Promise.all([
    serverSettings(client, options, own),
    options.allNamespaces ? everyNamespace(client) : oneNamespace(client, options.namespace),
  ]);
  const known = { settingsFor, ...found };
  return { known, report: await readReport(client, options, known, onPod) };
}

async function readReport(
  client: KubeClient,
  scope: NamespaceScope & OfflineOptions,
  known: Known,
  onPod: OnPod,
): Promise<Report> {
  const { settingsFor, namespaces } = known;
  const namespaceOf = (name: string): Namespace => namespaces.get(name) ?? { name, labels: {}, annotations: {} };
  const statuses = new WorkloadStatuses();
  const shown = new Set<string>();
  await readPods(client, scope, async (pods) => {
    const stateOf = await readClusterStates(client, pods, (name) => settingsFor(namespaceOf(name)).options);
    for (const one of pods) {
      const { namespace: name, pod } = one;
      const namespace = namespaceOf(name);
      const { catalogue } = settingsFor(namespace);
      shown.add(name);
      statuses.add({ pod, namespace, catalogue, cluster: stateOf(name) }, namespaces.has(name));
      onPod(one);
    }
  });
  const isUnknown =
    scope.config === undefined && [...shown].some((name) => settingsFor(namespaceOf(name)).from === undefined);
  const unknown = statuses.unknownProfiles();
  return {
    workloads: statuses.list(),
    notes: [
      ...known.notes,
      ...(isUnknown ? [SERVER_UNKNOWN] : []),
      ...(unknown.length === 0
        ? []
        : [
            `profile ${unknown.join(', ')} is not known here, so whether its pods are outdated is not known either: use --profiles DIR`,
          ]),
    ],
  };
}

const SERVER_UNKNOWN =
  'the configuration of the server could not be read: what would be decided now is by this command, without the defaults of the cluster';

async function everyNamespace(client: KubeClient): Promise<Omit<Known, 'settingsFor'>> {
  return { namespaces: await readNamespaceList(client), notes: [] };
}

/** Needs `get` of this namespace only. Without it, pods that carry an agent are shown all the same. */
async function oneNamespace(client: KubeClient, name: string): Promise<Omit<Known, 'settingsFor'>> {
  const answer = await readOnce(client, `/api/v1/namespaces/${name}`);
  const namespace = answer.kind === 'ok' ? toNamespace(answer.body) : undefined;
  if (namespace) return { namespaces: new Map([[name, namespace]]), notes: [] };
  const why = answer.kind === 'ok' ? 'it has no name' : describeFailure(answer);
  return {
    namespaces: new Map(),
    notes: [`namespace ${name} could not be read, so pods without an agent are not shown: ${why}`],
  };
}

function outputOf(report: Report, { output: format, allNamespaces }: StatusOptions): CommandOutput {
  if (format === 'json') return { kind: 'json', value: report };
  if (format === 'yaml') return { kind: 'document', text: yamlText(report) };
  return { kind: 'lines', lines: statusTable(report.workloads, format === 'wide' ? 'wide' : 'narrow', allNamespaces) };
}

/** For people; the other formats have the notes. */
function messagesOf({ notes }: Report, format: StatusOptions['output']): readonly string[] {
  return format === 'json' || format === 'yaml' ? [] : notes.map((note) => `note: ${note}`);
}
