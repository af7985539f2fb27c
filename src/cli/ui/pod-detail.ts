import { admit } from '../../admission/admit.ts';
import { timeOf } from '../../cluster/caches/injected-pods.ts';
import { describeFailure, isNotFound } from '../../cluster/client/errors.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import { checkRecord } from '../../diagnostics/audit-pod.ts';
import { verdictOfPod } from '../../diagnostics/liveness/pod-verdict.ts';
import type { Explanation } from '../../diagnostics/explanation.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { creatorOf, workloadText } from '../../kubernetes/owner.ts';
import { decodePod, type Pod } from '../../kubernetes/pod.ts';
import { apiPath, podFromTemplate, podKind, workloadKindNamed, workloadKinds } from '../../kubernetes/workload.ts';
import { type Json, type JsonObject, objectsIn, parsedJson } from '../../lib/json.ts';
import { STATUS_ANNOTATION } from '../../api/keys.ts';
import { podEvent } from '../../page/pod-row.ts';
import type { PodDetail, PodEvent } from '../../page/wire.ts';
import type { Subject } from '../../page-server/source.ts';
import type { SettingSources } from '../../settings/resolve.ts';
import { readClusterState } from '../cluster/state.ts';
import { readTarget, type Target } from '../cluster/targets.ts';
import { explainWorkload } from '../explain/result.ts';
import type { Known } from '../status/status.ts';
import { afterText, beforeText } from './pod-text.ts';

/** What the page shows of a pod, or of the next pod of a workload. Undefined for what does not exist; throws an Error if it cannot be read. */
export async function podDetail(client: KubeClient, known: Known, subject: Subject): Promise<PodDetail | undefined> {
  const { namespace } = subject;
  const target = await targetOf(client, subject);
  if (!target) return undefined;
  const within = known.namespaces.get(namespace);
  const settings = known.settingsFor(within ?? { name: namespace, labels: {} });
  const { catalogue } = settings;
  const decoded = decodePod(podFromTemplate(target.workload, target.name, target.template));
  const pods = decoded.ok ? [{ namespace, pod: decoded.value }] : [];
  const cluster = await readClusterState(client, pods, settings.options);
  const explained = explainWorkload(target, { name: namespace, known: within }, { catalogue, cluster });
  const creating = explained.carries === undefined ? undefined : await creatorTarget(client, target, decoded);
  const explanation: Explanation = creating
    ? explainWorkload(creating, { name: namespace, known: within }, { catalogue, cluster }).decision
    : explained.decision;
  const pod = decoded.ok ? decoded.value : undefined;
  const isPod = target.workload === podKind;
  return {
    namespace,
    name: target.name,
    workload: isPod
      ? pod && creatorOf(pod)
        ? workloadText(pod)
        : undefined
      : `${target.workload.kind}/${target.name}`,
    explanation,
    ...texts(pod, within, { catalogue, cluster }, explained.carries !== undefined, target.template),
    record: recordOf(pod),
    events: await eventsOf(client, namespace, { kind: target.workload.kind, name: target.name }),
    verdict: isPod && pod ? verdictOn(pod, namespace, within, catalogue) : undefined,
  };
}

async function targetOf(client: KubeClient, { namespace, name, workload }: Subject): Promise<Target | undefined> {
  const [kind = '', of = ''] = workload?.split('/') ?? [];
  const named = name === undefined ? workloadKindNamed(kind) : podKind;
  const wanted = name ?? of;
  if (!named || wanted === '') return undefined;
  const path = apiPath(named, namespace, wanted);
  const answer = await readOnce(client, path);
  if (answer.kind !== 'ok') {
    if (isNotFound(answer)) return undefined;
    throw new Error(`${named.kind} ${namespace}/${wanted}: ${describeFailure(answer)}`);
  }
  return readTarget(
    { ...client, getJson: () => Promise.resolve(answer) },
    { workload: named, name: wanted },
    { namespace },
  );
}

/** The workload of a pod that carries an agent: the decision now is about its next pods. */
async function creatorTarget(
  client: KubeClient,
  { namespace, workload }: Target,
  decoded: ReturnType<typeof decodePod>,
): Promise<Target | undefined> {
  const creator = decoded.ok && workload === podKind ? creatorOf(decoded.value) : undefined;
  const kind = workloadKinds.find((one) => one.kind === creator?.kind);
  if (!creator || !kind) return undefined;
  return readTarget(client, { workload: kind, name: creator.name }, { namespace }).catch(() => undefined);
}

function texts(
  pod: Pod | undefined,
  within: Namespace | undefined,
  inputs: Required<Pick<SettingSources, 'catalogue' | 'cluster'>>,
  carries: boolean,
  object: JsonObject,
): Pick<PodDetail, 'before' | 'after'> {
  if (carries) return { before: beforeText(object, inputs.catalogue), after: afterText(object) };
  const patched = pod && within ? admit(pod, within, inputs.catalogue, inputs.cluster).pod : object;
  return { before: afterText(object), after: afterText(patched) };
}

/** The record of a pod, as its annotation has it. */
export function recordOf(pod: Pod | undefined): Json | undefined {
  const text = pod?.metadata?.annotations?.[STATUS_ANNOTATION];
  return text === undefined ? undefined : parsedJson(text);
}

function verdictOn(
  pod: Pod,
  namespace: string,
  within: Namespace | undefined,
  catalogue: SettingSources['catalogue'],
): PodDetail['verdict'] {
  if (checkRecord({ pod, catalogue }).injected.length === 0) return undefined;
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
