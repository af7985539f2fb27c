import { type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import { listed, oneLine } from '../../lib/text.ts';
import type { Check } from './check.ts';

/** The replicas of a server. */
export interface Replicas {
  readonly wanted: number;
  readonly ready: number;
  /** Why pods are not ready: `ImagePullBackOff`, `CrashLoopBackOff`, `Pending`. */
  readonly reasons: readonly string[];
}

/** From the Deployment of a server and its pods. */
export function replicasOf(deployment: JsonObject, pods: readonly JsonObject[]): Replicas {
  const { replicas = 1 } = objectIn(deployment, 'spec');
  const { readyReplicas = 0 } = objectIn(deployment, 'status');
  const reasons = new Set(pods.flatMap((pod) => reasonOf(pod) ?? []));
  return { wanted: Number(replicas), ready: Number(readyReplicas), reasons: [...reasons, ...refusals(deployment)] };
}

/** Undefined for a pod that is ready. */
function reasonOf(pod: JsonObject): string | undefined {
  const status = objectIn(pod, 'status');
  const isReady = objectsIn(status, 'conditions').some((one) => one['type'] === 'Ready' && one['status'] === 'True');
  if (isReady) return undefined;
  const states = objectsIn(status, 'containerStatuses').map((one) => objectIn(one, 'state'));
  const waiting = states.map((one) => textIn(objectIn(one, 'waiting'), 'reason')).find((one) => one !== '');
  const unscheduled = objectsIn(status, 'conditions').find(
    (one) => one['type'] === 'PodScheduled' && one['status'] === 'False',
  );
  const why = textIn(unscheduled, 'message');
  if (waiting !== undefined) return waiting;
  return why === '' ? textIn(status, 'phase') || 'Pending' : `Pending: ${oneLine(why, 200)}`;
}

/** Where no pod can be created at all, the Deployment says why. */
function refusals(deployment: JsonObject): readonly string[] {
  return objectsIn(objectIn(deployment, 'status'), 'conditions')
    .filter((one) => one['type'] === 'ReplicaFailure' && one['status'] === 'True')
    .map((one) => oneLine(textIn(one, 'message'), 300));
}

const MAX_REASONS = 3;

export function checkReplicas(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  { wanted, ready, reasons }: Replicas,
): Check {
  const why = ready === wanted || reasons.length === 0 ? '' : `: ${listed(reasons, MAX_REASONS)}`;
  const message = `${ready} of ${wanted} replicas of ${namespace}/${name} are ready${why}`;
  if (ready >= wanted && ready > 0) return { name: 'replicas', result: 'ok', message };
  const hint = `$ kubectl -n ${namespace} get pods,events`;
  return { name: 'replicas', result: ready === 0 ? 'problem' : 'note', message, hint };
}
