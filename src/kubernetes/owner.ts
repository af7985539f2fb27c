import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import type { ClusterState } from './cluster-state.ts';
import { labelsOf, type Named, type Pod } from './pod.ts';

/** The reference of the object that controls the pod: a ReplicaSet, a Job, a StatefulSet… */
export function ownerOf(pod: Named): JsonObject | undefined {
  const owners = pod.metadata?.['ownerReferences'];
  if (!Array.isArray(owners)) return undefined;
  return owners.find((owner: Json): owner is JsonObject => isObject(owner) && owner['controller'] === true);
}

/** The kinds of what makes the pod: the object that controls it, and the workload whose template it is. */
export function ownerKindsOf(pod: Pod, cluster: ClusterState): readonly string[] {
  const kind = ownerOf(pod)?.['kind'];
  return [typeof kind === 'string' ? kind : undefined, cluster.workload?.kind].filter((one) => one !== undefined);
}

/** Labels that a controller puts on its pods, with the hash that it appends to the name in between. */
const HASH_LABELS = ['pod-template-hash', 'rollouts-pod-template-hash'];

/** Templates make paths and images of a workload's name, and the API server checks no name in `ownerReferences`. */
const OBJECT_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

/** The name of the workload: what owns the pod, without the hash of a Deployment or a Rollout, or the time of a CronJob. */
export function workloadOf(pod: Pod): string | undefined {
  const owner = ownerOf(pod);
  const name = owner?.['name'];
  if (typeof name === 'string' && OBJECT_NAME.test(name)) return withoutSuffix(name, owner?.['kind'], labelsOf(pod));
  return ownName(pod);
}

function ownName({ metadata }: Pod): string | undefined {
  const name = metadata?.name ?? metadata?.generateName?.replace(/-$/, '') ?? '';
  return OBJECT_NAME.test(name) ? name : undefined;
}

function withoutSuffix(name: string, kind: Json | undefined, labels: Readonly<Record<string, string>>): string {
  const hash = HASH_LABELS.map((label) => labels[label]).find((value) => value && name.endsWith(`-${value}`));
  if (hash !== undefined) return name.slice(0, -hash.length - 1);
  return kind === 'Job' ? name.replace(/-\d{8,}$/, '') : name;
}
