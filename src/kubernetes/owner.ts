import { isObjectName } from './names.ts';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import type { ClusterState, Workload } from './cluster-state.ts';
import { labelsOf, type HasMetadata, type Pod } from './pod.ts';

export function controllerOf(metadata: JsonObject | HasMetadata['metadata']): JsonObject | undefined {
  const owners = metadata?.['ownerReferences'];
  if (!Array.isArray(owners)) return undefined;
  return owners.find((owner: Json): owner is JsonObject => isObject(owner) && owner['controller'] === true);
}

export function ownerOf(pod: HasMetadata): JsonObject | undefined {
  return controllerOf(pod.metadata);
}

/** The workload that creates a pod: its controller, or the Deployment of a ReplicaSet whose name ends in the pod template hash. */
export function creatorOf(pod: Pod): Workload | undefined {
  const { kind, name } = ownerOf(pod) ?? {};
  if (typeof kind !== 'string' || typeof name !== 'string') return undefined;
  const hash = labelsOf(pod)['pod-template-hash'];
  return kind === 'ReplicaSet' && hash !== undefined && name.endsWith(`-${hash}`)
    ? { kind: 'Deployment', name: name.slice(0, -hash.length - 1) }
    : { kind, name };
}

export function ownerKindsOf(pod: Pod, cluster: ClusterState): readonly string[] {
  const kind = ownerOf(pod)?.['kind'];
  return [typeof kind === 'string' ? kind : undefined, cluster.workload?.kind].filter((name) => name !== undefined);
}

// Labels with the hash that a Deployment or a Rollout appends to the name of its ReplicaSet.
const HASH_LABELS = ['pod-template-hash', 'rollouts-pod-template-hash'];

/**
 * The name of the workload: the name of the pod's owner, without the hash of a Deployment or a Rollout and without the time of a CronJob.
 * Templates use it in paths and images, and the API server does not validate names in `ownerReferences`: an invalid name is ignored.
 */
export function workloadNameOf(pod: Pod): string | undefined {
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
