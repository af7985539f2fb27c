import { controllerOf } from '../../kubernetes/owner.ts';
import { type Admission, admit } from '../../admission/admit.ts';
import { isOptedIn } from '../../admission/opt-in.ts';
import { ENABLED, INJECTION_LABEL } from '../../api/keys.ts';
import type { ApiResponse, KubeClient } from '../../cluster/client/types.ts';
import type { OfflineInputs, OfflineOptions } from '../../config/catalogue.ts';
import type { DecisionOptions } from '../../config/decision-options.ts';
import { compareAdmissions, type DecisionComparison } from '../../diagnostics/decision-comparison.ts';
import { changesBetween, type PodChange } from '../../diagnostics/pod-changes.ts';
import type { ClusterState } from '../../kubernetes/cluster-state.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { decodePod, type Pod } from '../../kubernetes/pod.ts';
import {
  isExtension,
  podFromTemplate,
  templateOf,
  type WorkloadKind,
  workloadKinds,
} from '../../kubernetes/workload.ts';
import { type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import { type Catalogue, withProfiles } from '../../profiles/catalogue.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { ClusterOptions } from '../../server/cluster.ts';
import type { Tried } from '../cluster/dry-run.ts';
import { type KnownNamespaces, readNamespaces } from '../cluster/namespaces.ts';
import { errorMessage } from '../../lib/error-message.ts';
import { type NamespaceScope, readWorkloads } from '../cluster/reader.ts';
import { noticingNodes, readClusterStates } from '../cluster/state.ts';
import { unreadNotes } from '../cluster/unread-notes.ts';
import type { SettingsFor } from '../installed-settings.ts';
import { clusterSettings } from '../policy-settings.ts';
import { annotationsFrom } from '../namespaces-from-files.ts';

export interface PlanOptions extends NamespaceScope, OfflineOptions, ClusterOptions {
  readonly profileFile?: string | undefined;
  readonly labelNamespace?: string | undefined;
  /** `KEY=VALUE`: annotations that the namespaces would have. */
  readonly set?: readonly string[] | undefined;
  readonly serverDryRun?: boolean | undefined;
  readonly output: 'text' | 'table' | 'wide' | 'json' | 'yaml';
}

export type Named = readonly [name: string, profile: Profile];

export function scopeOf({ labelNamespace, namespace, allNamespaces }: PlanOptions): NamespaceScope {
  return labelNamespace === undefined ? { namespace, allNamespaces } : { namespace: labelNamespace };
}

/** What a comparison needs, read from the cluster. */
export async function surveyOf(
  client: KubeClient,
  options: PlanOptions,
  { own, added }: { readonly own: OfflineInputs; readonly added: readonly Named[] },
): Promise<Survey> {
  const settingsFor = await clusterSettings(client, options, own);
  const changed = new Map<Catalogue, Catalogue>();
  const later = (namespace: Namespace): Catalogue => {
    const now = settingsFor(namespace).catalogue;
    const after = changed.get(now) ?? withAdded(now, added);
    changed.set(now, after);
    return after;
  };
  const { namespaces, notes } = await readNamespaces(client, scopeOf(options));
  const { set = [], labelNamespace } = options;
  const catalogues = [...namespaces.values()].map(later);
  const annotations = set.length === 0 ? {} : annotationsFrom({ set }, knownIn(catalogues, own.catalogue));
  return { client, settingsFor, later, namespaces, notes, labelNamespace, annotations };
}

/** The catalogue with these profiles; they replace those of their names. */
function withAdded(catalogue: Catalogue, added: readonly Named[]): Catalogue {
  if (added.length === 0) return catalogue;
  const names = added.map(([name]) => name);
  return withProfiles(catalogue, new Map([...catalogue.profiles, ...added]), [...catalogue.own, ...names]);
}

/** A catalogue that knows the settings of the change: those of the server's profiles and of the file. */
function knownIn(servers: readonly Catalogue[], own: Catalogue): Catalogue {
  const known = [own, ...new Set(servers)].flatMap(({ knownSettings }) => [...knownSettings]);
  return { ...own, knownSettings: new Set(known) };
}

export interface Survey extends KnownNamespaces {
  readonly client: KubeClient;
  readonly settingsFor: SettingsFor;
  readonly later: (namespace: Namespace) => Catalogue;
  readonly labelNamespace: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Comparisons {
  readonly found: readonly Compared[];
  /** What is not known of the cluster, although decisions depend on it. */
  readonly notes: readonly string[];
}

export interface Compared {
  readonly namespace: string;
  readonly workload: string;
  readonly comparison: DecisionComparison;
  readonly changes: readonly PodChange[];
  /** The pods for a dry run; undefined if nothing changes. */
  readonly tried: Tried | undefined;
  readonly dryRun?: ApiResponse;
}

/** Compares every workload without a controller: for a ReplicaSet of a Deployment, the Deployment. */
export async function compareAll(survey: Survey, scope: NamespaceScope): Promise<Comparisons> {
  const found: Compared[] = [];
  const notes = new Set<string>();
  // A change reaches a pod without a workload only when someone creates it again.
  const kinds = workloadKinds.filter(({ kind }) => kind !== 'PodTemplate' && kind !== 'Pod');
  const compareItems = async (kind: WorkloadKind, items: readonly JsonObject[]): Promise<void> => {
    const roots = items
      .filter((item) => controllerOf(objectIn(item, 'metadata')) === undefined)
      .flatMap((item) => subjectOf(kind, item));
    const optionsOf = (name: string): DecisionOptions =>
      survey.settingsFor(labelled(survey, name) ?? { name, labels: {} }).options;
    const stateOf = await readClusterStates(survey.client, roots, optionsOf);
    for (const root of roots) {
      const { cluster, problem } = noticingNodes(stateOf(root.namespace), optionsOf(root.namespace));
      found.push(...compare(survey, root, cluster));
      notes.add(problem() ?? '');
    }
  };
  await Promise.all(
    kinds.map(async (kind) => {
      try {
        await readWorkloads(survey.client, kind, scope, (items) => compareItems(kind, items));
      } catch (error) {
        if (!isExtension(kind)) throw error;
        notes.add(errorMessage(error));
      }
    }),
  );
  const sorted = found.toSorted((one, other) =>
    `${one.namespace}/${one.workload}` < `${other.namespace}/${other.workload}` ? -1 : 1,
  );
  const settings = [...survey.namespaces.values()].map(survey.settingsFor);
  const unread = unreadNotes(survey.client, settings);
  return { found: sorted, notes: [...[...notes].filter((note) => note !== ''), ...unread] };
}

interface Root {
  readonly namespace: string;
  readonly workload: string;
  readonly pod: Pod;
}

function subjectOf(kind: WorkloadKind, item: JsonObject): readonly Root[] {
  const metadata = objectIn(item, 'metadata');
  const name = textIn(metadata, 'name');
  const template = templateOf(kind, item);
  const decoded = template && decodePod(podFromTemplate(kind, name, template));
  return decoded?.ok
    ? [{ namespace: textIn(metadata, 'namespace'), workload: `${kind.kind}/${name}`, pod: decoded.value }]
    : [];
}

/** The namespace as it would be, with the label of `--label-namespace` and the annotations of `--set`. */
function labelled({ namespaces, labelNamespace, annotations }: Survey, name: string): Namespace | undefined {
  const namespace = namespaces.get(name);
  if (!namespace) return namespace;
  const changed = { ...namespace, annotations: { ...namespace.annotations, ...annotations } };
  if (name !== labelNamespace || isOptedIn(namespace)) return changed;
  return { ...changed, labels: { ...namespace.labels, [INJECTION_LABEL]: ENABLED } };
}

function compare(survey: Survey, root: Root, cluster: ClusterState): readonly Compared[] {
  const namespace = survey.namespaces.get(root.namespace);
  const changed = labelled(survey, root.namespace);
  if (!namespace || !changed) return [];
  const before: Admission = admit(root.pod, namespace, survey.settingsFor(changed).catalogue, cluster);
  const after = admit(root.pod, changed, survey.later(changed), cluster);
  const known = [survey.settingsFor(changed), { catalogue: survey.later(changed) }];
  const comparison = compareAdmissions(
    before,
    after,
    known.map(({ catalogue }) => ({ catalogue, cluster })),
  );
  const { verdict } = comparison;
  if ('reason' in comparison && comparison.reason?.code === 'namespace-not-enabled') return [];
  const isChanged = verdict === 'gets' || verdict === 'changes';
  return [
    {
      namespace: root.namespace,
      workload: root.workload,
      comparison,
      tried: isChanged ? { namespace: root.namespace, original: root.pod, changed: after.pod } : undefined,
      changes: isChanged ? changesBetween(before.pod, after.pod) : [],
    },
  ];
}
