import { isObject, type Json, type JsonObject } from './json.ts';
import { labelsOf, type Container, type Named, type Pod } from './pod.ts';
import type { Layers } from './settings.ts';
import { imageOf } from './sign.ts';

/** What templates may say besides parameters: `${pod.workload}`. A row per fact; each always has a value. */
export const factNames = ['pod.workload', 'pod.namespace', 'container.name'] as const;

/** The facts of one container. */
export function factsOf({ pod, namespace, cluster }: Layers, container: Container): ReadonlyMap<string, string> {
  const values: { readonly [name in (typeof factNames)[number]]: string } = {
    'pod.workload': cluster.workload?.name ?? workloadOf(pod) ?? container.name,
    'pod.namespace': namespace.name,
    'container.name': container.name,
  };
  return new Map(Object.entries(values));
}

/** The reference of the object that controls the pod: a ReplicaSet, a Job, a StatefulSet… */
export function ownerOf(pod: Named): JsonObject | undefined {
  const owners = pod.metadata?.['ownerReferences'];
  if (!Array.isArray(owners)) return undefined;
  return owners.find((owner: Json): owner is JsonObject => isObject(owner) && owner['controller'] === true);
}

/** The kinds of what makes the pod: the object that controls it, and the workload whose template it is. */
export function ownerKindsOf({ pod, cluster }: Layers): readonly string[] {
  const kind = ownerOf(pod)?.['kind'];
  return [typeof kind === 'string' ? kind : undefined, cluster.workload?.kind].filter((one) => one !== undefined);
}

/** Labels that a controller puts on its pods, with the hash that it appends to the name in between. */
const HASH_LABELS = ['pod-template-hash', 'rollouts-pod-template-hash'];

/** Templates make paths and images of a workload's name, and the API server checks no name in `ownerReferences`. */
const OBJECT_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

/** The name of the workload: what owns the pod, without the hash of a Deployment or a Rollout, or the time of a CronJob. */
function workloadOf(pod: Pod): string | undefined {
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

/** Whether the pod can be placed on a node whose label has this value: by its node selector and its required node affinity. */
export function mayRunOn(pod: Pod, label: string, value: string): boolean {
  const selected = pod.spec.nodeSelector?.[label];
  if (selected !== undefined && selected !== value) return false;
  const terms = termsOf(pod);
  return terms.length === 0 || terms.some((term) => expressionsOf(term).every((one) => agrees(one, label, value)));
}

/** Whether the pod can run on no other node: it is there already, selects it, or is a DaemonSet's pod for it (which names it by a field). */
export function isPinnedTo(pod: Pod, node: string): boolean {
  const { spec } = pod;
  if (spec['nodeName'] === node || spec.nodeSelector?.[HOST_LABEL] === node) return true;
  const terms = termsOf(pod);
  return terms.length > 0 && terms.every((term) => namesOnly(term, node));
}

const HOST_LABEL = 'kubernetes.io/hostname';

function namesOnly(term: Json, node: string): boolean {
  const fields = field(term, 'matchFields');
  const named = (one: Json, key: string): boolean => {
    const values = field(one, 'values');
    const isIt = field(one, 'key') === key && field(one, 'operator') === 'In';
    return isIt && Array.isArray(values) && values.length === 1 && values[0] === node;
  };
  return (
    (Array.isArray(fields) && fields.some((one) => named(one, 'metadata.name'))) ||
    expressionsOf(term).some((one) => named(one, HOST_LABEL))
  );
}

function field(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) ? value[name] : undefined;
}

function termsOf(pod: Pod): readonly Json[] {
  const affinity = field(pod.spec['affinity'], 'nodeAffinity');
  const terms = field(field(affinity, 'requiredDuringSchedulingIgnoredDuringExecution'), 'nodeSelectorTerms');
  return Array.isArray(terms) ? terms : [];
}

function expressionsOf(term: Json): readonly Json[] {
  const expressions = field(term, 'matchExpressions');
  return Array.isArray(expressions) ? expressions : [];
}

/** Whether a node selector requirement lets the value pass (k8s.io/api core/v1 NodeSelectorOperator). */
function agrees(expression: Json, label: string, value: string): boolean {
  if (field(expression, 'key') !== label) return true;
  const values = field(expression, 'values');
  const named = Array.isArray(values) && values.includes(value);
  const operator = field(expression, 'operator');
  if (operator === 'In') return named;
  return operator === 'NotIn' ? !named : operator !== 'DoesNotExist';
}

/**
 * The operating system of the pod: what it names by `spec.os` or by the label that selects the node, else Linux, as most are, unless its
 * node affinity rules that out. Undefined where no node would do.
 */
export function osOf(pod: Pod): string | undefined {
  const named = pod.spec.os?.['name'] ?? pod.spec.nodeSelector?.['kubernetes.io/os'];
  if (typeof named === 'string') return named;
  return ['linux', 'windows'].find((os) => mayRunOn(pod, 'kubernetes.io/os', os));
}

/** The libc that the name of the image hints at: Alpine images have musl. */
export function hintedLibc(container: Container): 'musl' | undefined {
  return /alpine|musl/i.test(imageOf(container)) ? 'musl' : undefined;
}
