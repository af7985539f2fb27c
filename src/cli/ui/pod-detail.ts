import { admit } from '../../admission/admit.ts';
import { timeOf } from '../../cluster/caches/injected-pods.ts';
import { failureError, isNotFound } from '../../cluster/client/errors.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import { checkRecord } from '../../diagnostics/audit-pod.ts';
import { verdictOfPod } from '../../diagnostics/liveness/pod-verdict.ts';
import type { Explanation } from '../../diagnostics/explanation.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { creatorOf, workloadText } from '../../kubernetes/owner.ts';
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
import { type Json, type JsonObject, objectsIn, parsedJson } from '../../lib/json.ts';
import { STATUS_ANNOTATION } from '../../api/keys.ts';
import { podEvent } from '../../page/pod-row.ts';
import type { PodDetail, PodEvent } from '../../page/wire.ts';
import type { Subject } from '../../page-server/source.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import type { SettingSources } from '../../settings/resolve.ts';
import { readClusterState } from '../cluster/state.ts';
import { readTarget, type Target } from '../cluster/targets.ts';
import { explainWorkload } from '../explain/result.ts';
import type { Known } from '../status/status.ts';
import { afterText, beforeText } from './pod-text.ts';

interface Place {
  readonly namespace: string;
  readonly within: Namespace | undefined;
  readonly inputs: Required<Pick<SettingSources, 'catalogue' | 'cluster'>>;
}

/** What the page shows of a pod, or of the next pod of a workload. Undefined for what does not exist; throws an Error if it cannot be read. */
export async function podDetail(client: KubeClient, known: Known, subject: Subject): Promise<PodDetail | undefined> {
  const { namespace } = subject;
  const target = await targetOf(client, subject);
  if (!target) return undefined;
  const within = known.namespaces.get(namespace);
  const { catalogue, options } = known.settingsFor(within ?? { name: namespace, labels: {} });
  const decoded = decodePod(podFromTemplate(target.workload, target.name, target.template));
  const pod = decoded.ok ? decoded.value : undefined;
  const cluster = await readClusterState(client, pod ? [{ namespace, pod }] : [], options);
  const place: Place = { namespace, within, inputs: { catalogue, cluster } };
  const { decision, carries } = explainWorkload(target, { name: namespace, known: within }, place.inputs);
  const next = carries && pod ? await nextDecision(client, target, pod, place) : undefined;
  return {
    namespace,
    name: target.name,
    workload: workloadOf(target, pod),
    explanation: next ?? decision,
    ...(carries ? textsOfInjected(target.template, catalogue) : textsOfNew(target.template, pod, place)),
    record: recordOf(pod),
    events: await eventsOf(client, namespace, { kind: target.workload.kind, name: target.name }),
    verdict: pod && verdictOn(target, pod, place),
  };
}

/** Undefined for a pod without a controller. */
function workloadOf({ workload, name }: Target, pod: Pod | undefined): string | undefined {
  if (workload !== podKind) return `${workload.kind}/${name}`;
  return pod && creatorOf(pod) ? workloadText(pod) : undefined;
}

async function targetOf(client: KubeClient, { namespace, name, workload = '' }: Subject): Promise<Target | undefined> {
  const [kind = '', of = ''] = workload.split('/');
  const named = { workload: name === undefined ? workloadKindNamed(kind) : podKind, name: name ?? of };
  return named.workload && readExisting(client, { workload: named.workload, name: named.name }, namespace);
}

/** Undefined for what does not exist. */
async function readExisting(
  client: KubeClient,
  { workload, name }: { readonly workload: WorkloadKind; readonly name: string },
  namespace: string,
): Promise<Target | undefined> {
  const answer = await readOnce(client, apiPath(workload, namespace, name));
  if (answer.kind === 'ok') {
    const template = templateOf(workload, answer.body);
    return template && { workload, namespace, name, object: answer.body, template };
  }
  if (isNotFound(answer)) return undefined;
  throw failureError(`${workload.kind} ${namespace}/${name}`, answer);
}

/** Of a pod that carries an agent: the decision now is about the next pods of its workload. Undefined if that cannot be read. */
async function nextDecision(
  client: KubeClient,
  { namespace, workload }: Target,
  pod: Pod,
  { within, inputs }: Place,
): Promise<Explanation | undefined> {
  const creator = workload === podKind ? creatorOf(pod) : undefined;
  const kind = workloadKinds.find((one) => one.kind === creator?.kind);
  if (!creator || !kind) return undefined;
  const found = await readTarget(client, { workload: kind, name: creator.name }, { namespace }).catch(() => undefined);
  return found && explainWorkload(found, { name: namespace, known: within }, inputs).decision;
}

function textsOfInjected(object: JsonObject, catalogue: Catalogue): Pick<PodDetail, 'before' | 'after'> {
  return { before: beforeText(object, catalogue), after: afterText(object) };
}

function textsOfNew(
  object: JsonObject,
  pod: Pod | undefined,
  { within, inputs }: Place,
): Pick<PodDetail, 'before' | 'after'> {
  const patched = pod && within ? admit(pod, within, inputs.catalogue, inputs.cluster).pod : object;
  return { before: afterText(pod ?? object), after: afterText(patched) };
}

/** The record of a pod, as its annotation has it. */
export function recordOf(pod: Pod | undefined): Json | undefined {
  const text = pod?.metadata?.annotations?.[STATUS_ANNOTATION];
  return text === undefined ? undefined : parsedJson(text);
}

/** Undefined for a template, and for a pod without an agent. */
function verdictOn(
  { workload }: Target,
  pod: Pod,
  { namespace, within, inputs: { catalogue } }: Place,
): PodDetail['verdict'] {
  if (workload !== podKind || checkRecord({ pod, catalogue }).injected.length === 0) return undefined;
  const ages = new Map<string, number>();
  const { code, message } = verdictOfPod({ pod, namespace, within, signs: () => undefined, ages }, catalogue);
  return { code, message };
}

const MAX_EVENTS = 50;

/** The newest first; none if they may not be read. */
async function eventsOf(
  client: KubeClient,
  namespace: string,
  { kind, name }: { readonly kind: string; readonly name: string },
): Promise<readonly PodEvent[]> {
  const selector = encodeURIComponent(`involvedObject.kind=${kind},involvedObject.name=${name}`);
  const answer = await readOnce(client, `/api/v1/namespaces/${namespace}/events?fieldSelector=${selector}&limit=500`);
  if (answer.kind !== 'ok') return [];
  const events = objectsIn(answer.body, 'items').map(podEvent);
  return events.toSorted((one, other) => timeOf(other.at) - timeOf(one.at)).slice(0, MAX_EVENTS);
}
