import { controllerOf } from '../kubernetes/owner.ts';
import { type Admission, admit } from '../admission/admit.ts';
import { INJECTION_LABEL, key } from '../api/keys.ts';
import { describeFailure } from '../cluster/client/errors.ts';
import type { KubeClient as Api } from '../cluster/client/types.ts';
import { sendOnce } from '../cluster/one-shot.ts';
import { catalogueFrom, type ClusterInFiles } from '../config/catalogue.ts';
import { type PlanComparison, comparePlans, type Verdict } from '../diagnostics/plan-comparison.ts';
import type { ClusterState } from '../kubernetes/cluster-state.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { decodePod, type Pod } from '../kubernetes/pod.ts';
import { podMadeBy, templateOf, type WorkloadKind, workloadKinds } from '../kubernetes/workload.ts';
import { type JsonObject, objectIn, textIn } from '../lib/json.ts';
import { UsageError } from '../lib/usage-error.ts';
import { displayName, readText } from '../manifests/file.ts';
import { readWithBuiltIn } from '../profile-sources/builtin-documents.ts';
import { fileProblem, fileProblemText, readProfileDocuments } from '../profile-sources/read-documents.ts';
import { type Catalogue, withProfiles } from '../profiles/catalogue.ts';
import { openUserCluster } from '../server/cluster.ts';
import { readNamespaceList, readWorkloads, type Scope } from './cluster-reader.ts';
import { readClusterState } from './cluster-state.ts';
import { installedCatalogue } from './installed-defaults.ts';

export interface PlanOptions extends Scope, ClusterInFiles {
  readonly kubeconfig: string | undefined;
  /** Path of profiles as they would be. */
  readonly profileFile: string | undefined;
  /** The namespace that would be labelled. */
  readonly labelNamespace: string | undefined;
  /** Whether the API server is asked about each pod that would change. */
  readonly serverDryRun: boolean;
  readonly output: 'text' | 'json';
}

/** One workload, and what would become of its pods. */
export interface Planned extends PlanComparison {
  readonly namespace: string;
  readonly workload: string;
  /** What the API server says to the pod as it would be; only with `--server-dry-run`. */
  readonly server?: string;
}

/** Says what would become of every workload that is there. Throws a UsageError for options and files, an Error when the cluster fails. */
export async function plan(options: PlanOptions): Promise<{ readonly output: string; readonly exitCode: 0 | 1 }> {
  const { profileFile, labelNamespace } = options;
  if (profileFile === undefined && labelNamespace === undefined)
    throw new UsageError(['give --profile-file, --label-namespace or both']);
  const own = await catalogueFrom(options);
  const withFile = profileFile === undefined ? own : withProfilesOf(own, profileFile, await readText(profileFile));
  const api = await openUserCluster(options.kubeconfig);
  const now = options.config === undefined ? await installedCatalogue(api, own) : own;
  const later = withProfiles(now, withFile.profiles);
  const scope = labelNamespace === undefined ? options : { namespace: labelNamespace, allNamespaces: false };
  const survey: Survey = { api, now, later, namespaces: await readNamespaceList(api), labelNamespace };
  const found = await lookAtAll(survey, scope);
  const planned = options.serverDryRun ? await Promise.all(found.map((one) => asked(api, one))) : found;
  const rows = planned.map(({ pod: _pod, ...row }) => row);
  const output =
    options.output === 'json' ? `${JSON.stringify({ planned: rows }, null, 2)}\n` : `${lines(rows).join('\n')}\n`;
  return { output, exitCode: rows.some(isBad) ? 1 : 0 };
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
  return withProfiles(catalogue, new Map([...catalogue.profiles, ...own]));
}

interface Survey {
  readonly api: Api;
  readonly now: Catalogue;
  readonly later: Catalogue;
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly labelNamespace: string | undefined;
}

interface Found extends Planned {
  /** The pod as it would be, to be asked about; none where nothing would change. */
  readonly pod: Pod | undefined;
}

/** Every workload that nothing else makes: of a ReplicaSet of a Deployment, the Deployment is looked at. */
async function lookAtAll(survey: Survey, scope: Scope): Promise<readonly Found[]> {
  const found: Found[] = [];
  const kinds = workloadKinds.filter(({ kind }) => kind !== 'PodTemplate');
  await Promise.all(
    kinds.map(async (kind) => {
      const failed = await readWorkloads(survey.api, kind, scope, async (items) => {
        const roots = items
          .filter((item) => controllerOf(objectIn(item, 'metadata')) === undefined)
          .flatMap((item) => subjectOf(kind, item));
        const facts = await readClusterState(survey.api, roots);
        for (const root of roots) found.push(...lookAt(survey, root, facts));
      });
      if (failed !== undefined) throw new Error(failed);
    }),
  );
  return found.toSorted((one, other) =>
    `${one.namespace}/${one.workload}` < `${other.namespace}/${other.workload}` ? -1 : 1,
  );
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
  const decoded = template && decodePod(podMadeBy(kind, name, template));
  return decoded?.ok
    ? [{ namespace: textIn(metadata, 'namespace'), workload: `${kind.kind}/${name}`, pod: decoded.pod }]
    : [];
}

function lookAt({ now, later, namespaces, labelNamespace }: Survey, root: Root, facts: ClusterState): readonly Found[] {
  const namespace = namespaces.get(root.namespace);
  if (!namespace) return [];
  const labelled =
    namespace.name === labelNamespace
      ? { ...namespace, labels: { ...namespace.labels, [INJECTION_LABEL]: 'enabled' } }
      : namespace;
  const before: Admission = admit(root.pod, namespace, now, facts);
  const after = admit(root.pod, labelled, later, facts);
  const one = comparePlans(before, after);
  const isQuiet =
    after.decision.outcome !== 'injected' &&
    before.decision.outcome !== 'injected' &&
    after.decision.reason.code === 'namespace-not-enabled';
  if (isQuiet) return [];
  const pod = one.verdict === 'gets' || one.verdict === 'changes' ? after.pod : undefined;
  return [{ namespace: root.namespace, workload: root.workload, ...one, pod }];
}

/** Asks the API server about the pod as it would be, as a dry run: Pod Security, quotas and policies have their say, nothing is made. */
async function asked(api: Api, one: Found): Promise<Found> {
  if (!one.pod) return one;
  const { metadata, spec } = one.pod;
  // Opted out of the webhook itself: this pod has been injected already.
  const body: JsonObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'agent-injector-plan-',
      namespace: one.namespace,
      labels: { ...metadata?.labels, [INJECTION_LABEL]: 'disabled' },
      annotations: { ...metadata?.annotations, [key('inject')]: 'false' },
    },
    spec,
  };
  const answer = await sendOnce(api, `/api/v1/namespaces/${one.namespace}/pods?dryRun=All`, body);
  if (answer.kind === 'ok') return { ...one, server: 'takes it' };
  const isPodSecurity = answer.kind === 'http' && answer.message.includes('violates PodSecurity');
  return { ...one, ...(isPodSecurity && { verdict: 'pod-security' }), server: describeFailure(answer) };
}

const TITLES: { readonly [verdict in Verdict]: string } = {
  gets: 'Get an agent',
  changes: 'Change',
  loses: 'Lose their agent',
  conflict: 'In conflict',
  'pod-security': 'Refused by Pod Security',
  skipped: 'Stay without an agent',
  same: 'Stay as they are',
};

const BAD: ReadonlySet<Verdict> = new Set(['loses', 'conflict', 'pod-security']);

function isBad({ verdict, server }: Planned): boolean {
  return BAD.has(verdict) || (server !== undefined && server !== 'takes it');
}

function lines(planned: readonly Planned[]): readonly string[] {
  const groups = Object.entries(TITLES).flatMap(([verdict, title]) => {
    const group = planned.filter((one) => one.verdict === verdict);
    if (group.length === 0) return [];
    return ['', `${title}: ${group.length}`, ...group.map(line)];
  });
  return [
    `${planned.length} workloads looked at; pods that run stay as they are until they are created anew`,
    ...groups,
  ];
}

function line({ namespace, workload, message, server }: Planned): string {
  return `  ${namespace}: ${workload}: ${message}${server === undefined ? '' : `; the API server: ${server}`}`;
}
