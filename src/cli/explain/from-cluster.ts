import { admit } from '../../admission/admit.ts';
import { toNamespace } from '../../cluster/caches/namespace-object.ts';
import { describeFailure, type Failure, isForbidden } from '../../cluster/client/errors.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import { WEBHOOK_CONFIGURATIONS } from '../../cluster/webhook-configuration/entries.ts';
import type { OfflineInputs } from '../../config/catalogue.ts';
import { doCallsFail } from '../../diagnostics/decisions/obstacle.ts';
import type { Finding } from '../../diagnostics/findings.ts';
import { presenceOf } from '../../diagnostics/presence.ts';
import { type EntryMatch, type LabelledNamespace, matchOf, ownEntries } from '../../diagnostics/webhook-match.ts';
import { creatorOf } from '../../kubernetes/owner.ts';
import { decodePod } from '../../kubernetes/pod.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { podFromTemplate, podKind, workloadKinds } from '../../kubernetes/workload.ts';
import { type JsonObject, objectIn, objectsIn } from '../../lib/json.ts';
import type { SettingSources } from '../../settings/resolve.ts';
import { openUserCluster } from '../../server/cluster.ts';
import { createAsDryRun, dryRunText } from '../cluster/dry-run.ts';
import { readNamespaceObject, requireNamespace } from '../cluster/namespaces.ts';
import { unreadResources } from '../cluster/agent-resources.ts';
import { noticingNodes, readClusterState } from '../cluster/state.ts';
import { readKnownBreakers } from '../cluster/breakers.ts';
import { readPodsOf } from '../cluster/pods-of-workload.ts';
import { findTargets, readTarget, type Target } from '../cluster/targets.ts';
import type { SettingsFor } from '../installed-settings.ts';
import { clusterSettings } from '../policy-settings.ts';
import type { ExplainOptions } from './options.ts';
import { policyMatches, withPolicyFindings } from './by-policy.ts';
import { breakerFindings } from './breaker-findings.ts';
import { gapFindings } from './gap.ts';
import { type ExplanationResult, explainWorkload } from './result.ts';
import { lacks, profilesFindings, settingsFindings } from './unread.ts';

/**
 * Explains pods or workloads in a cluster: what they carry, which webhook entries the API server calls, and the decision that would be made now. Of a pod
 * that carries an agent, what would be decided now is about the new pods of its workload: what was injected into it says nothing about them.
 */
export async function explainOnCluster(
  options: ExplainOptions,
  own: OfflineInputs,
): Promise<readonly ExplanationResult[]> {
  const client = await openUserCluster(options);
  const { targets = [], ...scope } = options;
  // Before the objects in it: what is not found is then the namespace.
  if (!scope.allNamespaces) await readNamespaceObject(client, scope.namespace);
  const [found, webhooks] = await Promise.all([findTargets(client, targets, scope), readWebhooks(client)]);
  if (found.length === 0) throw new Error('no pod or workload found');
  const settingsFor = await clusterSettings(client, options, own, webhooks.configurations);
  const namespaces = new Map<string, Promise<JsonObject>>();
  const explained: ExplanationResult[] = [];
  for (const target of found) {
    const namespace = namespaces.get(target.namespace) ?? requireNamespace(client, target.namespace);
    namespaces.set(target.namespace, namespace);
    // oxlint-disable-next-line no-await-in-loop -- one after the other: each reads what its pod refers to
    const inputs = { client, settingsFor, webhooks, namespaceObject: await namespace };
    // oxlint-disable-next-line no-await-in-loop -- the same
    explained.push(await explainTarget(options, target, inputs));
  }
  return explained;
}

interface TargetInputs {
  readonly client: KubeClient;
  readonly settingsFor: SettingsFor;
  readonly webhooks: Webhooks;
  readonly namespaceObject: JsonObject;
}

async function explainTarget(
  options: ExplainOptions,
  target: Target,
  { client, settingsFor, webhooks, namespaceObject }: TargetInputs,
): Promise<ExplanationResult> {
  const { namespace } = target;
  const decoded = decodePod(podFromTemplate(target.workload, target.name, target.template));
  const pods = decoded.ok ? [{ namespace, pod: decoded.value }] : [];
  const labels = labelled(namespace, namespaceObject);
  const settings = settingsFor(labels);
  const within = { name: namespace, known: toNamespace(namespaceObject) };
  const { cluster, problem } = noticingNodes(await readClusterState(client, pods, settings.options), settings.options);
  const inputs = { catalogue: settings.catalogue, cluster };
  const result = await withExisting({ client, target, within, inputs }, explainWorkload(target, within, inputs));
  // Of a namespace that is off, the API server never asks, whatever the configuration is.
  const isOff = result.findings.some(({ code }) => code === 'namespace-not-enabled');
  const seen = webhooks.findings.filter(({ code }) => !isOff || code !== 'webhooks-unreadable');
  const unknowns = [...settingsFindings(settings), ...seen];
  if (!decoded.ok) return { ...result, findings: [...unknowns, ...result.findings] };
  const matches = matchOf(webhooks.configurations ?? [], labels, decoded.value);
  const breakers = await readKnownBreakers(client, settings);
  const sources = within.known && { ...inputs, pod: decoded.value, namespace: within.known };
  const policies = policyMatches(settings.policies, sources);
  const all = [
    ...unknowns,
    ...result.findings,
    ...nodesFindings(problem()),
    ...unreadResources(client).map((message) => ({ code: 'resources-unknown', message })),
    ...neverCalled(result, matches),
    ...callsFail(matches),
    ...profilesFindings(result, settings, options),
    ...breakerFindings(result, breakers, { ...inputs, pod: decoded.value, namespace: within.known }),
  ];
  const found = withPolicyFindings(all, settings.policies, policies);
  const known = { ...result, ...lacks(result, settings, cluster), findings: found };
  const findings = [...found, ...gapFindings(known, decoded.value)];
  return {
    ...known,
    findings,
    ...(matches.length > 0 && { apiServer: matches }),
    ...(policies.length > 0 && { policies }),
    ...(options.serverDryRun && (await dryRunOf(client, sources, result))),
  };
}

interface Explained {
  readonly client: KubeClient;
  readonly target: Target;
  readonly within: { readonly name: string; readonly known: Namespace | undefined };
  readonly inputs: Pick<OfflineInputs, 'catalogue' | 'cluster'>;
}

/** Adds what exists: that this is a pod of the cluster, or how many pods of the workload carry an agent. */
async function withExisting(
  { client, target, within, inputs }: Explained,
  result: ExplanationResult,
): Promise<ExplanationResult> {
  const { known } = within;
  if (!known) return result;
  if (target.workload.kind !== podKind.kind) {
    const found = await readPodsOf(client, target).catch(() => undefined);
    if (!found) return { ...result, findings: [...result.findings, PODS_UNKNOWN] };
    const pods = found.map(({ pod }) => pod);
    return { ...result, pods: presenceOf(pods, { ...inputs, namespace: known }) };
  }
  const existing: ExplanationResult = { ...result, exists: true };
  const decoded = decodePod(target.object);
  const creator = decoded.ok ? creatorOf(decoded.value) : undefined;
  const kind = workloadKinds.find((one) => one.kind === creator?.kind);
  if (result.carries === undefined || !creator || !kind) return existing;
  const workload = await readTarget(client, { workload: kind, name: creator.name }, target).catch(() => undefined);
  if (!workload) return existing;
  const { decision } = explainWorkload(workload, within, inputs);
  return { ...existing, decision, decisionOn: `${kind.kind}/${creator.name}` };
}

const PODS_UNKNOWN: Finding = {
  code: 'pods-unknown',
  message: 'the pods of the namespace could not be listed: how many of them carry an agent is unknown',
};

function nodesFindings(unknown: string | undefined): readonly Finding[] {
  return unknown === undefined ? [] : [{ code: 'nodes-unknown', message: unknown }];
}

/** Of a pod that gets no agent, the answer has none either. */
async function dryRunOf(
  client: KubeClient,
  sources: SettingSources | undefined,
  { decision }: ExplanationResult,
): Promise<Pick<ExplanationResult, 'dryRun'>> {
  if (!sources) return {};
  const { pod, namespace, catalogue, cluster } = sources;
  const changed = admit(pod, namespace, catalogue, cluster).pod;
  const isInjected = decision.outcome === 'injected';
  const tried = { namespace: namespace.name, original: pod, changed };
  const created = await createAsDryRun(client, tried, () => true);
  return { dryRun: created.kind === 'ok' && !isInjected ? 'accepted' : dryRunText(created) };
}

function labelled(name: string, namespace: JsonObject): LabelledNamespace {
  const labels = Object.entries(objectIn(objectIn(namespace, 'metadata'), 'labels'));
  const texts = labels.flatMap(([key, value]) => (typeof value === 'string' ? [[key, value] as const] : []));
  return { name, labels: Object.fromEntries(texts) };
}

interface Webhooks {
  /** Undefined if they cannot be read. */
  readonly configurations: readonly JsonObject[] | undefined;
  readonly findings: readonly Finding[];
}

async function readWebhooks(client: KubeClient): Promise<Webhooks> {
  const answer = await readOnce(client, WEBHOOK_CONFIGURATIONS);
  if (answer.kind !== 'ok') return { configurations: undefined, findings: [unreadable(answer)] };
  const own = objectsIn(answer.body, 'items').filter((one) => ownEntries(one).length > 0);
  if (own.length > 0) return { configurations: own, findings: [] };
  const message =
    'agent-injector is not installed in this cluster: no MutatingWebhookConfiguration has an entry for it';
  return { configurations: [], findings: [{ code: 'not-installed', message }] };
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
  const pods = result.exists ? 'this pod' : 'these pods';
  return [{ code: 'never-called', message: `the API server never calls agent-injector for ${pods}: ${reasons}` }];
}

function callsFail(matches: readonly EntryMatch[]): readonly Finding[] {
  if (!doCallsFail(matches)) return [];
  const reasons = [
    ...new Set(matches.flatMap(({ called, why }) => (called === 'yes' && why !== undefined ? [why] : []))),
  ];
  return [
    {
      code: 'calls-fail',
      message: `the API server calls agent-injector, and gets no answer: ${reasons.join('; ')}`,
      fix: 'agent-injector check',
    },
  ];
}
