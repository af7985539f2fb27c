import { isObjectName } from './names.ts';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import { workloadKinds, type WorkloadRef } from './workload.ts';
import type { ClusterState } from './cluster-state.ts';
import { labelsOf, type HasMetadata, type Pod } from './pod.ts';

export function controllerOf(metadata: JsonObject | HasMetadata['metadata']): JsonObject | undefined {
  const owners = metadata?.['ownerReferences'];
  if (!Array.isArray(owners)) return undefined;
  return owners.find((owner: Json): owner is JsonObject => isObject(owner) && owner['controller'] === true);
}

export function ownerOf(pod: HasMetadata): JsonObject | undefined {
  return controllerOf(pod.metadata);
}

/** The workload that creates a pod: its controller, or the Deployment or Rollout of a ReplicaSet whose name ends in the hash of its pod template. */
export function creatorOf(pod: Pod): WorkloadRef | undefined {
  const { kind, name } = ownerOf(pod) ?? {};
  if (typeof kind !== 'string' || typeof name !== 'string') return undefined;
  if (kind !== 'ReplicaSet') return { kind, name };
  for (const [label, creator] of CREATORS) {
    const found = withoutHash(name, labelsOf(pod), [label]);
    if (found !== undefined) return { kind: creator, name: found };
  }
  return { kind, name };
}

/** The workload that has created the pod, for people: `Deployment/web`; the pod itself if none has. */
export function workloadText(pod: Pod): string {
  const creator = creatorOf(pod);
  return creator ? `${creator.kind}/${creator.name}` : `Pod/${pod.metadata?.name ?? ''}`;
}

/**
 * What is the same for all pods of a workload, in each of its revisions and runs: the kind that controls its pods (ReplicaSet for a Deployment, Job for
 * a CronJob), and its name. It sees no more of a pod than the shape of the pod has.
 */
export function workloadIdentity(pod: Pod, { workload }: Pick<ClusterState, 'workload'>): WorkloadRef {
  if (workload) return { kind: controllerKind(workload.kind), name: workload.name };
  const kind = ownerOf(pod)?.['kind'];
  if (typeof kind === 'string') return { kind, name: workloadNameOf(pod) ?? '' };
  const { name = '', generateName = '' } = pod.metadata ?? {};
  return { kind: 'Pod', name: generateName === '' ? name : generateName.replace(/-$/, '') };
}

function controllerKind(kind: string): string {
  return workloadKinds.find((one) => one.kind === kind)?.controller ?? kind;
}

/**
 * A workload as every pod of it shows it at its admission, and as an earlier revision of it does: the kind of the controller, and the name of the
 * workload. Undefined for a pod without a controller.
 */
export function workloadKeyOf(pod: Pod): string | undefined {
  const kind = ownerOf(pod)?.['kind'];
  const name = workloadNameOf(pod);
  return typeof kind === 'string' && name !== undefined ? `${kind}/${name}` : undefined;
}

export function ownerKindsOf(pod: Pod, cluster: ClusterState): readonly string[] {
  const kind = ownerOf(pod)?.['kind'];
  return [typeof kind === 'string' ? kind : undefined, cluster.workload?.kind].filter((name) => name !== undefined);
}

/** Labels with the hash that a Deployment or a Rollout appends to the name of its ReplicaSet. */
const CREATORS = [
  ['pod-template-hash', 'Deployment'],
  ['rollouts-pod-template-hash', 'Rollout'],
] as const;

export const HASH_LABELS = CREATORS.map(([label]) => label);

/**
 * Labels with the name that stays the same from run to run, or from revision to revision, where the names of pod and owner do not: Knative
 * (pkg/apis/serving register.go), Argo Workflows (workflow/common/common.go), Tekton (pkg/apis/pipeline/register.go).
 */
export const STABLE_NAME_LABELS = [
  'serving.knative.dev/service',
  'workflows.argoproj.io/cron-workflow',
  'workflows.argoproj.io/workflow-template',
  'tekton.dev/pipelineTask',
  'tekton.dev/task',
];

/**
 * The name of the workload: the name that a label of its controller keeps the same, else the name of the pod's owner, without the hash of a
 * Deployment or a Rollout and without the time of a CronJob. Templates use it in paths and images, and the API server does not validate names in `ownerReferences`: an invalid name is ignored.
 */
export function workloadNameOf(pod: Pod): string | undefined {
  const labels = labelsOf(pod);
  const stable = STABLE_NAME_LABELS.map((label) => labels[label]).find(
    (text) => text !== undefined && isObjectName(text),
  );
  if (stable !== undefined) return stable;
  const owner = ownerOf(pod);
  const name = owner?.['name'];
  if (typeof name === 'string' && isObjectName(name)) return withoutSuffix(name, owner?.['kind'], labels);
  return ownName(pod);
}

const KINDS: ReadonlyMap<Json | undefined, string> = new Map([
  ['Deployment', 'deployment'],
  ['StatefulSet', 'statefulset'],
  ['DaemonSet', 'daemonset'],
  ['Job', 'job'],
  ['CronJob', 'cronjob'],
]);

/**
 * The kind of the workload whose name `workloadNameOf` gives, in lower case, as attributes have it (`k8s.deployment.name`).
 * Undefined where the name is that of something else.
 */
export function attributeKindOf(pod: Pod): string | undefined {
  const { kind, name } = ownerOf(pod) ?? {};
  if (typeof name !== 'string' || !isObjectName(name)) return undefined;
  const workload = workloadNameOf(pod);
  const isDeployment = workload === withoutHash(name, labelsOf(pod), [CREATORS[0][0]]);
  if (kind === 'ReplicaSet') return isDeployment ? 'deployment' : undefined;
  if (kind === 'Job' && workload !== name) return workload === withoutTime(name) ? 'cronjob' : undefined;
  return workload === name ? KINDS.get(kind) : undefined;
}

export function attributeKind(kind: string): string | undefined {
  return KINDS.get(kind);
}

function ownName({ metadata }: Pod): string | undefined {
  const name = metadata?.name ?? metadata?.generateName?.replace(/-$/, '') ?? '';
  return isObjectName(name) ? name : undefined;
}

function withoutSuffix(name: string, kind: Json | undefined, labels: Readonly<Record<string, string>>): string {
  return withoutHash(name, labels, HASH_LABELS) ?? (kind === 'Job' ? withoutTime(name) : name);
}

/**
 * A CronJob appends the minutes since 1970 to the names of its Jobs, or the seconds before Kubernetes 1.21 (pkg/controller/cronjob utils.go getJobName).
 * A date such as 20240101 is below any of these.
 */
function withoutTime(name: string): string {
  const [suffix, digits] = /-(\d{8,10})$/.exec(name) ?? [];
  return suffix !== undefined && Number(digits) >= FIRST_MINUTE ? name.slice(0, -suffix.length) : name;
}

/** A minute of the year 2017. */
const FIRST_MINUTE = 25_000_000;

/** The name without the hash that one of the labels has; undefined if it ends in none of them. */
function withoutHash(
  name: string,
  labels: Readonly<Record<string, string>>,
  hashLabels: readonly string[],
): string | undefined {
  const hash = hashLabels.map((label) => labels[label]).find((value) => value && name.endsWith(`-${value}`));
  return hash === undefined ? undefined : name.slice(0, -hash.length - 1);
}
