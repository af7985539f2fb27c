import { type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';

/** How far the controller of a workload is with the replacement of its pods. The texts are sentence fragments. */
export type Progress =
  | { readonly kind: 'complete' }
  | { readonly kind: 'progressing'; readonly what: string }
  | { readonly kind: 'failed'; readonly why: string };

const COMPLETE: Progress = { kind: 'complete' };

function progressing(what: string): Progress {
  return { kind: 'progressing', what };
}

type Reader = (spec: JsonObject, status: JsonObject) => Progress;

const readers: ReadonlyMap<string, Reader> = new Map([
  ['Deployment', deploymentProgress],
  ['StatefulSet', statefulSetProgress],
  ['DaemonSet', daemonSetProgress],
  ['Rollout', rolloutProgress],
]);

/** The kinds whose pods can be replaced one after the other by their controller. */
export const RESTARTABLE_KINDS: readonly string[] = [...readers.keys()];

export function progressOf(kind: string, object: JsonObject): Progress {
  const read = readers.get(kind);
  if (!read) return COMPLETE;
  const generation = objectIn(object, 'metadata')['generation'];
  const status = objectIn(object, 'status');
  // A Rollout writes it as text.
  if (Number(status['observedGeneration'] ?? 0) < Number(generation ?? 0))
    return progressing('its controller has not seen the change yet');
  return read(objectIn(object, 'spec'), status);
}

/** Pods that the workload should have, as far as its spec says. */
export function replicasOf(kind: string, object: JsonObject): number {
  return kind === 'DaemonSet'
    ? count(objectIn(object, 'status'), 'desiredNumberScheduled')
    : count(objectIn(object, 'spec'), 'replicas', 1);
}

/** True if all pods that the workload should have are available. */
export function isAvailable(kind: string, object: JsonObject): boolean {
  const status = objectIn(object, 'status');
  const available = kind === 'DaemonSet' ? count(status, 'numberAvailable') : count(status, 'availableReplicas');
  return available >= replicasOf(kind, object);
}

function count(object: JsonObject, name: string, fallback = 0): number {
  const value = object[name];
  return typeof value === 'number' ? value : fallback;
}

/** As kubectl rollout status: k8s.io/kubectl pkg/polymorphichelpers/rollout_status.go. */
function deploymentProgress(spec: JsonObject, status: JsonObject): Progress {
  const condition = objectsIn(status, 'conditions').find((one) => one['type'] === 'Progressing');
  const reason = textIn(condition, 'reason');
  if (reason === 'ProgressDeadlineExceeded') return { kind: 'failed', why: 'its progress deadline is exceeded' };
  const wanted = count(spec, 'replicas', 1);
  const updated = count(status, 'updatedReplicas');
  const old = count(status, 'replicas') - updated;
  if (updated < wanted) return progressing(`${updated} of ${wanted} pods are new`);
  if (old > 0) return progressing(`old pods that are still there: ${old}`);
  // Once it was complete, a pod that fails later is not part of the rollout.
  const available = count(status, 'availableReplicas');
  if (reason === 'NewReplicaSetAvailable' || available >= updated) return COMPLETE;
  return progressing(`${available} of ${updated} new pods are available`);
}

function statefulSetProgress(spec: JsonObject, status: JsonObject): Progress {
  const wanted = isOnDelete(spec) ? 0 : Math.max(0, count(spec, 'replicas', 1) - partitionOf(spec));
  const updated = count(status, 'updatedReplicas');
  const current = textIn(status, 'currentRevision');
  if (current !== '' && current === textIn(status, 'updateRevision')) return COMPLETE;
  if (updated < wanted) return progressing(`${updated} of ${wanted} pods are new`);
  const available = count(status, 'availableReplicas', count(status, 'readyReplicas'));
  return available >= count(spec, 'replicas', 1) ? COMPLETE : progressing(`${available} pods are available`);
}

function daemonSetProgress(spec: JsonObject, status: JsonObject): Progress {
  const wanted = count(status, 'desiredNumberScheduled');
  const updated = count(status, 'updatedNumberScheduled');
  const available = count(status, 'numberAvailable');
  if (updated < wanted && !isOnDelete(spec)) return progressing(`${updated} of ${wanted} pods are new`);
  return available < wanted ? progressing(`${available} of ${wanted} pods are available`) : COMPLETE;
}

/** https://argo-rollouts.readthedocs.io/en/stable/features/restart/ */
function rolloutProgress(spec: JsonObject, status: JsonObject): Progress {
  const wanted = count(spec, 'replicas', 1);
  const available = count(status, 'availableReplicas');
  if (textIn(status, 'phase') === 'Degraded')
    return { kind: 'failed', why: `it is degraded: ${textIn(status, 'message')}` };
  // Both are times of one form, so that they compare as text.
  if (textIn(status, 'restartedAt') < textIn(spec, 'restartAt')) return progressing('its pods are being restarted');
  return available < wanted ? progressing(`${available} of ${wanted} pods are available`) : COMPLETE;
}

/** Then its controller replaces no pods by itself. */
function isOnDelete(spec: JsonObject): boolean {
  return textIn(objectIn(spec, 'updateStrategy'), 'type') === 'OnDelete';
}

export function partitionOf(spec: JsonObject): number {
  return count(objectIn(objectIn(spec, 'updateStrategy'), 'rollingUpdate'), 'partition');
}
