import { admit } from '../../admission/admit.ts';
import { toNamespace } from '../../cluster/caches/namespace-object.ts';
import { describeFailure, type Failure, isForbidden } from '../../cluster/client/errors.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import { WEBHOOK_CONFIGURATIONS } from '../../cluster/webhook-configuration/entries.ts';
import type { OfflineInputs } from '../../config/catalogue.ts';
import type { Finding } from '../../diagnostics/findings.ts';
import { presenceOf } from '../../diagnostics/presence.ts';
import { type EntryMatch, type LabelledNamespace, matchOf, ownEntries } from '../../diagnostics/webhook-match.ts';
import { creatorOf } from '../../kubernetes/owner.ts';
import { decodePod, type Pod } from '../../kubernetes/pod.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { podFromTemplate, podKind, workloadKinds } from '../../kubernetes/workload.ts';
import { type JsonObject, objectIn, objectsIn } from '../../lib/json.ts';
import { openUserCluster } from '../../server/cluster.ts';
import { createAsDryRun } from '../cluster/dry-run.ts';
import { noticingNodes, readClusterState } from '../cluster/state.ts';
import { readPodsOf, readWorkload, type Workload } from '../cluster/target.ts';
import { serverSettings } from '../installed-settings.ts';
import type { ExplainOptions } from './options.ts';
import { gapFindings } from './gap.ts';
import { type ExplanationResult, explainWorkload } from './result.ts';

/**
 * Explains a pod or workload in a cluster: what it carries, which webhook entries the API server calls, and the decision that would be made now. Of a pod
 * that carries an agent, what would be decided now is about the new pods of its workload: what was injected into it says nothing about them.
 */
export async function explainOnCluster(
  options: ExplainOptions,
  own: OfflineInputs,
): Promise<readonly ExplanationResult[]> {
  const { target = '', namespace, kubeconfig } = options;
  const client = await openUserCluster(kubeconfig);
  const [workload, namespaceObject, webhooks] = await Promise.all([
    readWorkload(client, target, namespace),
    readNamespace(client, namespace),
    readWebhooks(client),
  ]);
  const decoded = decodePod(podFromTemplate(workload.workload, workload.name, workload.template));
  const pods = decoded.ok ? [{ namespace, pod: decoded.value }] : [];
  const labels = labelled(namespace, namespaceObject);
  const settings = (await serverSettings(client, options, own, webhooks.configurations))(labels);
  const known = toNamespace(namespaceObject);
  const { cluster, problem } = noticingNodes(await readClusterState(client, pods, settings.options), settings.options);
  const inputs = { catalogue: settings.catalogue, cluster };
  const within = { name: namespace, known };
  const result = await withExisting({ client, workload, within, inputs }, explainWorkload(workload, within, inputs));
  const common = [...result.findings, ...unseenFindings(webhooks, options.config ?? settings.from, problem())];
  if (!decoded.ok) return [{ ...result, findings: common }];
  const matches = matchOf(webhooks.configurations, labels, decoded.value);
  const findings = [
    ...common,
    ...neverCalled(result, matches),
    ...gapFindings(result, decoded.value),
    ...profilesUnknown(result, options),
  ];
  const patched = options.serverDryRun && known && admit(decoded.value, known, inputs.catalogue, inputs.cluster).pod;
  const dryRun = patched && (await dryRunOf(client, namespace, patched));
  return [{ ...result, findings, ...(matches.length > 0 && { apiServer: matches }), ...(dryRun && { dryRun }) }];
}

/** What could not be seen, on which the decision may depend. */
function unseenFindings(
  { findings, isAbsent }: Webhooks,
  settingsFrom: string | undefined,
  nodes: string | undefined,
): readonly Finding[] {
  return [
    ...findings,
    ...(settingsFrom === undefined && !isAbsent ? [SERVER_UNKNOWN] : []),
    ...(nodes === undefined ? [] : [{ code: 'nodes-unknown', message: nodes }]),
  ];
}

const SERVER_UNKNOWN: Finding = {
  code: 'server-unknown',
  message:
    'the configuration of the server could not be read: its defaults and options are not in this decision. Use --config FILE, and --profiles DIR if it has profiles of its own',
};

/** The files of profiles are mounted into the server, where a command does not see them. */
function profilesUnknown({ decision }: ExplanationResult, { profiles }: ExplainOptions): readonly Finding[] {
  if (profiles !== undefined || decision.reason?.code !== 'unknown-profile') return [];
  const message = 'the profiles of the server other than the built-in ones cannot be seen: use --profiles DIR';
  return [{ code: 'profiles-unknown', message }];
}

interface Explained {
  readonly client: KubeClient;
  readonly workload: Workload;
  readonly within: { readonly name: string; readonly known: Namespace | undefined };
  readonly inputs: Pick<OfflineInputs, 'catalogue' | 'cluster'>;
}

/** Adds what exists: that this is a pod of the cluster, or how many pods of the workload carry an agent. */
async function withExisting(
  { client, workload, within, inputs }: Explained,
  result: ExplanationResult,
): Promise<ExplanationResult> {
  const { catalogue } = inputs;
  if (workload.workload.kind !== podKind.kind) {
    const pods = await readPodsOf(client, workload, { namespace: within.name }).catch(() => undefined);
    if (!pods) return { ...result, findings: [...result.findings, PODS_UNKNOWN] };
    return {
      ...result,
      pods: presenceOf(
        pods.map(({ pod }) => pod),
        catalogue,
      ),
    };
  }
  const existing: ExplanationResult = { ...result, exists: true };
  const decoded = decodePod(workload.object);
  const creator = decoded.ok ? creatorOf(decoded.value) : undefined;
  const kind = workloadKinds.find((one) => one.kind === creator?.kind);
  if (result.carries === undefined || !creator || !kind) return existing;
  const target = await readWorkload(client, `${kind.plural}/${creator.name}`, within.name).catch(() => undefined);
  if (!target) return existing;
  const { decision } = explainWorkload(target, within, inputs);
  return { ...existing, decision, decisionOn: `${kind.kind}/${creator.name}` };
}

const PODS_UNKNOWN: Finding = {
  code: 'pods-unknown',
  message: 'the pods of the namespace could not be listed: how many of them carry an agent is unknown',
};

async function dryRunOf(client: KubeClient, namespace: string, pod: Pod): Promise<string> {
  const created = await createAsDryRun(client, namespace, pod);
  return created.kind === 'ok' ? 'accepted' : `refused: ${describeFailure(created)}`;
}

async function readNamespace(client: KubeClient, name: string): Promise<JsonObject> {
  const answer = await readOnce(client, `/api/v1/namespaces/${encodeURIComponent(name)}`);
  if (answer.kind !== 'ok') throw new Error(`Namespace ${name}: ${describeFailure(answer)}`);
  return answer.body;
}

function labelled(name: string, namespace: JsonObject): LabelledNamespace {
  const labels = Object.entries(objectIn(objectIn(namespace, 'metadata'), 'labels'));
  const texts = labels.flatMap(([key, value]) => (typeof value === 'string' ? [[key, value] as const] : []));
  return { name, labels: Object.fromEntries(texts) };
}

interface Webhooks {
  readonly configurations: readonly JsonObject[];
  /** True if agent-injector is not installed. */
  readonly isAbsent: boolean;
  readonly findings: readonly Finding[];
}

async function readWebhooks(client: KubeClient): Promise<Webhooks> {
  const answer = await readOnce(client, WEBHOOK_CONFIGURATIONS);
  if (answer.kind !== 'ok') return { configurations: [], isAbsent: false, findings: [unreadable(answer)] };
  const own = objectsIn(answer.body, 'items').filter((one) => ownEntries(one).length > 0);
  if (own.length > 0) return { configurations: own, isAbsent: false, findings: [] };
  const message =
    'agent-injector is not installed in this cluster: no MutatingWebhookConfiguration has an entry for it';
  return { configurations: [], isAbsent: true, findings: [{ code: 'not-installed', message }] };
}

function unreadable(failure: Failure): Finding {
  const message = isForbidden(failure)
    ? 'you are not allowed to list webhook configurations: whether the API server calls agent-injector is unknown'
    : `cannot list webhook configurations: ${describeFailure(failure)}`;
  return { code: 'webhooks-unreadable', message };
}

/** Reports that the API server never calls agent-injector, where that does not follow from the label of the namespace. */
function neverCalled(result: ExplanationResult, matches: readonly EntryMatch[]): readonly Finding[] {
  const isOptedOut = result.findings.some(({ code }) => code === 'namespace-not-enabled');
  if (matches.length === 0 || isOptedOut || matches.some(({ called }) => called !== 'no')) return [];
  const reasons = [...new Set(matches.map(({ why = '' }) => why))].join('; ');
  return [{ code: 'never-called', message: `the API server never calls agent-injector for this pod: ${reasons}` }];
}
