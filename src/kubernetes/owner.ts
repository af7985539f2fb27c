import { isObjectName } from './names.ts';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import type { ClusterState, Workload } from './cluster-state.ts';
import { labelsOf, type Named, type Pod } from './pod.ts';

/** The owner reference of an object's controller, from the object's metadata. */
export function controllerOf(metadata: JsonObject | Named['metadata']): JsonObject | undefined {
  const owners = metadata?.['ownerReferences'];
  if (!Array.isArray(owners)) return undefined;
  return owners.find((owner: Json): owner is JsonObject => isObject(owner) && owner['controller'] === true);
}

/** The owner reference of the object that controls the pod: a ReplicaSet, a Job, a StatefulSet… */
export function ownerOf(pod: Named): JsonObject | undefined {
  return controllerOf(pod.metadata);
}

/** The workload that creates a pod: its controller, or the Deployment behind a ReplicaSet whose name ends in the template's hash. */
export function creatorOf(pod: Pod): Workload | undefined {
  const { kind, name } = ownerOf(pod) ?? {};
  if (typeof kind !== 'string' || typeof name !== 'string') return undefined;
  const hash = labelsOf(pod)['pod-template-hash'];
  return kind === 'ReplicaSet' && hash !== undefined && name.endsWith(`-${hash}`)
    ? { kind: 'Deployment', name: name.slice(0, -hash.length - 1) }
    : { kind, name };
}

/** The kinds of what makes the pod: the object that controls it, and the workload whose template it is. */
export function ownerKindsOf(pod: Pod, cluster: ClusterState): readonly string[] {
  const kind = ownerOf(pod)?.['kind'];
  return [typeof kind === 'string' ? kind : undefined, cluster.workload?.kind].filter((one) => one !== undefined);
}

/** Labels that a controller puts on its pods, with the hash that it appends to the name in between. */
const HASH_LABELS = ['pod-template-hash', 'rollouts-pod-template-hash'];

/**
 * The name of the workload: what owns the pod, without the hash of a Deployment or a Rollout, or the time of a CronJob. Templates put it into paths
 * and images, and the API server does not check names in `ownerReferences`: anything else than an object's name is ignored.
 */
export function workloadOf(pod: Pod): string | undefined {
  const owner = ownerOf(pod);
  const name = owner?.['name'];
  if (typeof name === 'string' && isObjectName(name)) return withoutSuffix(name, owner?.['kind'], labelsOf(pod));
  return ownName(pod);
}

function ownName({ metadata }: Pod): string | undefined {
  const name = metadata?.name ?? metadata?.generateName?.replace(/-$/, '') ?? '';
  return isObjectName(name) ? name : undefined;
}

function withoutSuffix(name: string, kind: Json | undefined, labels: Readonly<Record<string, string>>): string {
  const hash = HASH_LABELS.map((label) => labels[label]).find((value) => value && name.endsWith(`-${value}`));
  if (hash !== undefined) return name.slice(0, -hash.length - 1);
  return kind === 'Job' ? name.replace(/-\d{8,}$/, '') : name;
}
