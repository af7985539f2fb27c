import { controllerOf } from '../kubernetes/owner.ts';
import { parseAllDocuments } from 'yaml';
import { type Admission, admit } from '../admission/admit.ts';
import { INJECTION_LABEL, key } from '../api/keys.ts';
import { describeFailure } from '../cluster/client/errors.ts';
import type { KubeClient as Api } from '../cluster/client/types.ts';
import { sendOnce } from '../cluster/one-shot.ts';
import { catalogueFrom, type OfflineOptions } from '../config/catalogue.ts';
import { type PlanComparison, comparePlans, type Verdict } from '../diagnostics/plan-comparison.ts';
import type { ClusterState } from '../kubernetes/cluster-state.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { decodePod, type Pod } from '../kubernetes/pod.ts';
import { podMadeBy, templateOf, type WorkloadKind, workloadKinds } from '../kubernetes/workload.ts';
import { isObject, type JsonObject, objectIn, textIn } from '../lib/json.ts';
import { UsageError } from '../lib/usage-error.ts';
import { displayName, readText } from '../manifests/file.ts';
import { builtInDocuments } from '../profile-sources/builtin-documents.ts';
import { readCatalogue } from '../profile-sources/read-catalogue.ts';
import { type Catalogue, problemText, withProfiles } from '../profiles/catalogue.ts';
import { openUserCluster } from '../server/cluster.ts';
import { type NamespaceScope, readNamespaceList, readWorkloads } from './cluster-reader.ts';
import { readClusterState } from './cluster-state.ts';
import type { CommandResult } from './command-result.ts';
import { formatJson } from './format.ts';
import { installedCatalogue } from './installed-defaults.ts';

export interface PlanOptions extends NamespaceScope, OfflineOptions {
  readonly kubeconfig?: string | undefined;
  readonly profileFile?: string | undefined;
  readonly labelNamespace?: string | undefined;
  readonly serverDryRun?: boolean | undefined;
  readonly output: 'text' | 'json';
}

/** One workload, and what would become of its pods. */
export interface Planned extends PlanComparison {
  readonly namespace: string;
  readonly workload: string;
  /** What the API server says to the pod as it would be; only with `--server-dry-run`. */
  readonly server?: string;
}

/** Previews a change for every existing workload. Throws a UsageError for invalid flags or files, an Error if the cluster does not answer. */
export async function plan(options: PlanOptions): Promise<CommandResult> {
  const { profileFile, labelNamespace } = options;
  if (profileFile === undefined && labelNamespace === undefined)
    throw new UsageError(['--profile-file, --label-namespace or both are required']);
  const own = await catalogueFrom(options);
  const api = await openUserCluster(options.kubeconfig);
  const now = options.config === undefined ? await installedCatalogue(api, own) : own;
  const later = profileFile === undefined ? now : withProfilesOf(now, profileFile, await readText(profileFile));
  const scope = labelNamespace === undefined ? options : { namespace: labelNamespace, allNamespaces: false };
  const survey: Survey = { api, now, later, namespaces: await readNamespaceList(api), labelNamespace };
  const found = await lookAtAll(survey, scope);
  const planned = options.serverDryRun ? await Promise.all(found.map((one) => asked(api, one))) : found;
  const rows = planned.map(({ pod: _pod, ...row }) => row);
  const output = options.output === 'json' ? formatJson({ planned: rows }) : `${lines(rows).join('\n')}\n`;
  return { output, exitCode: rows.some(isBad) ? 1 : 0 };
}

/** The catalogue with the profiles of a file in it, or in the place of those of their names. */
function withProfilesOf(catalogue: Catalogue, file: string, text: string): Catalogue {
  const origin = displayName(file);
  const documents = parseAllDocuments(text).map((document): unknown => document.toJS());
  const read = readCatalogue({ ...builtInDocuments, own: documents.map((document) => ({ origin, document })) });
  if (!read.ok) throw new UsageError(read.problems.map(problemText));
  const profiles = documents.flatMap((document) => {
    const name = isObject(document) ? textIn(objectIn(document, 'metadata'), 'name') : '';
    const profile = read.catalogue.profiles.get(name);
    return profile ? [[name, profile] as const] : [];
  });
  if (profiles.length === 0) throw new UsageError([`${origin}: no profile in it`]);
  return withProfiles(catalogue, new Map([...catalogue.profiles, ...profiles]));
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
async function lookAtAll(survey: Survey, scope: NamespaceScope): Promise<readonly Found[]> {
  const found: Found[] = [];
  const kinds = workloadKinds.filter(({ kind }) => kind !== 'PodTemplate');
  await Promise.all(
    kinds.map(async (kind) => {
      await readWorkloads(survey.api, kind, scope, async (items) => {
        const roots = items
          .filter((item) => controllerOf(objectIn(item, 'metadata')) === undefined)
          .flatMap((item) => subjectOf(kind, item));
        const facts = await readClusterState(survey.api, roots);
        for (const root of roots) found.push(...lookAt(survey, root, facts));
      });
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
