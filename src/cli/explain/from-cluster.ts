import { admit } from '../../admission/admit.ts';
import { INJECTION_LABEL } from '../../api/keys.ts';
import { toNamespace } from '../../cluster/caches/namespace-object.ts';
import { describeFailure, type Failure, isForbidden } from '../../cluster/client/errors.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import { WEBHOOK_CONFIGURATIONS } from '../../cluster/webhook-configuration/entries.ts';
import type { OfflineInputs } from '../../config/catalogue.ts';
import { type Finding, restartCommand } from '../../diagnostics/findings.ts';
import { type EntryMatch, type LabelledNamespace, matchOf, ownEntries } from '../../diagnostics/webhook-match.ts';
import { creatorOf } from '../../kubernetes/owner.ts';
import { decodePod, type Pod } from '../../kubernetes/pod.ts';
import {
  apiPath,
  podFromTemplate,
  podKind,
  templateOf,
  type WorkloadKind,
  workloadKindNamed,
  workloadKinds,
} from '../../kubernetes/workload.ts';
import { type JsonObject, objectIn, objectsIn } from '../../lib/json.ts';
import { didYouMean, nearest } from '../../lib/suggest.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { openUserCluster } from '../../server/cluster.ts';
import { createAsDryRun } from '../cluster/dry-run.ts';
import { noticingNodes, readClusterState } from '../cluster/state.ts';
import { serverSettings } from '../installed-settings.ts';
import type { ExplainOptions } from './options.ts';
import { type ExplanationResult, explainWorkload, type Workload } from './result.ts';

/** Explains a pod or workload in a cluster: which webhook entries the API server calls, and the decision that would be made now. */
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
  const result = explainWorkload(workload, { name: namespace, known }, inputs);
  const unknown = problem();
  if (!decoded.ok) return [{ ...result, findings: [...result.findings, ...webhooks.findings] }];
  const matches = matchOf(webhooks.configurations, labels, decoded.value);
  const findings = [
    ...result.findings,
    ...webhooks.findings,
    ...(unknown === undefined ? [] : [{ code: 'nodes-unknown', message: unknown }]),
    ...matchFindings(result, workload.workload, matches, decoded.value),
  ];
  const patched = options.serverDryRun && known && admit(decoded.value, known, inputs.catalogue, inputs.cluster).pod;
  const dryRun = patched && (await dryRunOf(client, namespace, patched));
  return [{ ...result, findings, ...(matches.length > 0 && { apiServer: matches }), ...(dryRun && { dryRun }) }];
}

async function dryRunOf(client: KubeClient, namespace: string, pod: Pod): Promise<string> {
  const created = await createAsDryRun(client, namespace, pod);
  return created.kind === 'ok' ? 'accepted' : `refused: ${describeFailure(created)}`;
}

async function readWorkload(client: KubeClient, target: string, namespace: string): Promise<Workload> {
  const [word = '', name = ''] = target.split('/');
  const workload = workloadKindNamed(word);
  if (!workload || name === '') {
    const known = workloadKinds.flatMap(({ plural, short }) => [plural, ...short]);
    throw new UsageError([
      workload || word === ''
        ? `"${target}" must be KIND/NAME, such as deploy/web`
        : `"${word}" is not a pod or workload kind${didYouMean(nearest(word, known))}`,
    ]);
  }
  const answer = await readOnce(client, apiPath(workload, namespace, name));
  if (answer.kind !== 'ok') throw new Error(`${workload.kind} ${namespace}/${name}: ${describeFailure(answer)}`);
  const template = templateOf(workload, answer.body);
  if (!template) throw new Error(`${workload.kind} ${namespace}/${name} has no pod template`);
  return { workload, name, object: answer.body, template };
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
  readonly findings: readonly Finding[];
}

async function readWebhooks(client: KubeClient): Promise<Webhooks> {
  const answer = await readOnce(client, WEBHOOK_CONFIGURATIONS);
  if (answer.kind !== 'ok') return { configurations: [], findings: [unreadable(answer)] };
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

/** Findings that follow from the decision and the webhook entries together. */
function matchFindings(
  result: ExplanationResult,
  { kind }: WorkloadKind,
  matches: readonly EntryMatch[],
  pod: Pod,
): readonly Finding[] {
  const isOptedOut = result.findings.some(({ code }) => code === 'namespace-not-enabled');
  if (matches.length > 0 && matches.every(({ called }) => called === 'no') && !isOptedOut) {
    const reasons = [...new Set(matches.map(({ why = '' }) => why))].join('; ');
    return [{ code: 'never-called', message: `the API server never calls agent-injector for this pod: ${reasons}` }];
  }
  const isUnrecordedPod = kind === podKind.kind && result.recorded === undefined;
  if (!isUnrecordedPod || result.decision.outcome !== 'injected') return [];
  const fix = restartCommand(result.namespace, creatorOf(pod));
  const message =
    'this pod has no status annotation, but would be injected if it were created now: when it was created, agent-injector was not called or did ' +
    `not answer, or ${INJECTION_LABEL} was not set yet`;
  return [{ code: 'not-asked-then', message, ...(fix !== undefined && { fix }) }];
}
