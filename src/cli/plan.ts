import { controllerOf } from '../kubernetes/owner.ts';
import { type Admission, admit } from '../admission/admit.ts';
import { ENABLED, INJECTION_LABEL } from '../api/keys.ts';
import { describeFailure } from '../cluster/client/errors.ts';
import type { ApiResponse, KubeClient } from '../cluster/client/types.ts';
import { offlineInputs, type OfflineOptions } from '../config/catalogue.ts';
import type { DecisionOptions } from '../config/decision-options.ts';
import { compareAdmissions, type DecisionComparison, type Verdict } from '../diagnostics/decision-comparison.ts';
import type { ClusterState } from '../kubernetes/cluster-state.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { decodePod, type Pod } from '../kubernetes/pod.ts';
import { podFromTemplate, templateOf, type WorkloadKind, workloadKinds } from '../kubernetes/workload.ts';
import { type JsonObject, objectIn, textIn } from '../lib/json.ts';
import { UsageError } from '../lib/usage-error.ts';
import { displayName, readText } from '../manifests/file.ts';
import { readWithBuiltIn } from '../profile-sources/builtin-documents.ts';
import { fileProblem, fileProblemText, readProfileDocuments } from '../profile-sources/read-documents.ts';
import { type Catalogue, withProfiles } from '../profiles/catalogue.ts';
import { openUserCluster } from '../server/cluster.ts';
import { type NamespaceScope, readNamespaceList, readWorkloads } from './cluster/reader.ts';
import { createAsDryRun } from './cluster/dry-run.ts';
import { comparisonText, type Planned, planLines } from './plan-text.ts';
import { noticingNodes, readClusterStates } from './cluster/state.ts';
import type { CommandOutput, CommandResult } from './command-result.ts';
import { formatSection } from './format.ts';
import { serverSettings, type SettingsFor } from './installed-settings.ts';

export interface PlanOptions extends NamespaceScope, OfflineOptions {
  readonly kubeconfig?: string | undefined;
  readonly profileFile?: string | undefined;
  readonly labelNamespace?: string | undefined;
  readonly serverDryRun?: boolean | undefined;
  readonly output: 'text' | 'json';
}

/** Previews a change for every existing workload. Throws a UsageError for invalid flags or files, an Error if the cluster does not answer. */
export async function plan(options: PlanOptions): Promise<CommandResult> {
  const { profileFile, labelNamespace } = options;
  if (profileFile === undefined && labelNamespace === undefined)
    throw new UsageError(['--profile-file, --label-namespace or both are required']);
  const own = await offlineInputs(options);
  const withFile =
    profileFile === undefined ? own.catalogue : withProfilesOf(own.catalogue, profileFile, await readText(profileFile));
  const client = await openUserCluster(options.kubeconfig);
  const settingsFor = await serverSettings(client, options, own);
  const changed = new Map<Catalogue, Catalogue>();
  const later = (namespace: Namespace): Catalogue => {
    const now = settingsFor(namespace).catalogue;
    const after = changed.get(now) ?? withProfiles(now, withFile.profiles, withFile.own);
    changed.set(now, after);
    return after;
  };
  const scope = labelNamespace === undefined ? options : { namespace: labelNamespace, allNamespaces: false };
  const survey: Survey = { client, settingsFor, later, namespaces: await readNamespaceList(client), labelNamespace };
  const { found, notes } = await compareAll(survey, scope);
  const compared = options.serverDryRun ? await Promise.all(found.map((one) => withDryRun(client, one))) : found;
  const rows = compared.map(rowOf);
  const output: CommandOutput =
    options.output === 'json'
      ? { kind: 'json', value: { planned: rows, ...(notes.length > 0 && { notes }) } }
      : { kind: 'lines', lines: [...planLines(rows), ...formatSection('Notes', notes)] };
  return { output, exitCode: compared.some(isBad) ? 1 : 0 };
}

/** Adds the profiles of a file to the catalogue; they replace those of their names. Throws a UsageError with every problem in the file. */
function withProfilesOf(catalogue: Catalogue, file: string, text: string): Catalogue {
  const documents = readProfileDocuments(displayName(file), { ok: true, value: text });
  const set = readWithBuiltIn(
    documents.flatMap(({ source }) => (source.ok ? [source.value] : [])),
    catalogue,
  );
  const problems = [
    ...documents.flatMap(({ source }) => (source.ok ? [] : source.error)),
    ...set.problems.map(fileProblem),
  ];
  if (problems.length > 0) throw new UsageError(problems.map(fileProblemText));
  if (set.own.size === 0) throw new UsageError([`${displayName(file)}: no AgentProfile found`]);
  const own = [...set.own].map(([name, { profile }]) => [name, profile] as const);
  return withProfiles(catalogue, new Map([...catalogue.profiles, ...own]), [...catalogue.own, ...set.own.keys()]);
}

interface Survey {
  readonly client: KubeClient;
  readonly settingsFor: SettingsFor;
  readonly later: (namespace: Namespace) => Catalogue;
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly labelNamespace: string | undefined;
}

interface Comparisons {
  readonly found: readonly Compared[];
  /** What is not known of the cluster, although decisions depend on it. */
  readonly notes: readonly string[];
}

interface Compared {
  readonly namespace: string;
  readonly workload: string;
  readonly comparison: DecisionComparison;
  /** The changed pod, for a dry run; undefined if nothing changes. */
  readonly pod: Pod | undefined;
  readonly dryRun?: ApiResponse;
}

/** Compares every workload without a controller: for a ReplicaSet of a Deployment, the Deployment. */
async function compareAll(survey: Survey, scope: NamespaceScope): Promise<Comparisons> {
  const found: Compared[] = [];
  const notes = new Set<string>();
  const kinds = workloadKinds.filter(({ kind }) => kind !== 'PodTemplate');
  await Promise.all(
    kinds.map(async (kind) => {
      await readWorkloads(survey.client, kind, scope, async (items) => {
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
      });
    }),
  );
  const sorted = found.toSorted((one, other) =>
    `${one.namespace}/${one.workload}` < `${other.namespace}/${other.workload}` ? -1 : 1,
  );
  return { found: sorted, notes: [...notes].filter((note) => note !== '') };
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

/** The namespace as it would be, with the label of `--label-namespace`. */
function labelled({ namespaces, labelNamespace }: Survey, name: string): Namespace | undefined {
  const namespace = namespaces.get(name);
  if (!namespace || name !== labelNamespace) return namespace;
  return { ...namespace, labels: { ...namespace.labels, [INJECTION_LABEL]: ENABLED } };
}

function compare(survey: Survey, root: Root, cluster: ClusterState): readonly Compared[] {
  const namespace = survey.namespaces.get(root.namespace);
  const changed = labelled(survey, root.namespace);
  if (!namespace || !changed) return [];
  const before: Admission = admit(root.pod, namespace, survey.settingsFor(changed).catalogue, cluster);
  const after = admit(root.pod, changed, survey.later(changed), cluster);
  const comparison = compareAdmissions(before, after);
  const { verdict } = comparison;
  if (verdict === 'skipped' && comparison.reason.code === 'namespace-not-enabled') return [];
  const pod = verdict === 'gets' || verdict === 'changes' ? after.pod : undefined;
  return [{ namespace: root.namespace, workload: root.workload, comparison, pod }];
}

async function withDryRun(client: KubeClient, compared: Compared): Promise<Compared> {
  const { pod, namespace } = compared;
  return pod ? { ...compared, dryRun: await createAsDryRun(client, namespace, pod) } : compared;
}

/** The API server marks a violation only in the message of its Status (k8s.io/pod-security-admission admission/admission.go). */
function violatesPodSecurity(dryRun: ApiResponse | undefined): boolean {
  return dryRun?.kind === 'http' && dryRun.message.includes('violates PodSecurity');
}

const BAD: ReadonlySet<Verdict> = new Set(['loses', 'conflict', 'pod-security']);

function isBad({ comparison, dryRun }: Compared): boolean {
  return BAD.has(comparison.verdict) || (dryRun !== undefined && dryRun.kind !== 'ok');
}

function rowOf({ namespace, workload, comparison, dryRun }: Compared): Planned {
  return {
    namespace,
    workload,
    verdict: violatesPodSecurity(dryRun) ? 'pod-security' : comparison.verdict,
    message: comparisonText(comparison),
    ...(dryRun && { server: dryRun.kind === 'ok' ? 'accepted' : describeFailure(dryRun) }),
  };
}
