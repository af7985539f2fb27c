import jsonpatch from 'fast-json-patch';
import { STATUS_ANNOTATION } from '../api/keys.ts';
import { annotationsOf, type Container, type EnvVar, type Pod } from '../kubernetes/pod.ts';
import { EVICTION_ANNOTATION, withEvictable } from '../kubernetes/safe-to-evict.ts';
import { type Operation, pointer } from '../lib/json-patch.ts';
import { isObject, type Json } from '../lib/json.ts';
import type { EnvironmentStep } from './env/plan.ts';
import type { ContainerPlan, Plan } from './plan.ts';

/**
 * The pod that the operations make of it, by fast-json-patch. The given pod stays as it is: what operations may touch is copied one level
 * deep first, the rest is shared between both, which is far cheaper than a clone. Throws when an operation does not apply.
 */
export function applyOperations(pod: Pod, operations: readonly Operation[]): Pod {
  return jsonpatch.applyPatch(withOwnSpine(pod), operations, false, true).newDocument;
}

function withOwnSpine(pod: Pod): Pod {
  const { metadata, spec } = pod;
  return {
    ...pod,
    ...(metadata && {
      metadata: { ...metadata, ...(metadata.annotations && { annotations: { ...metadata.annotations } }) },
    }),
    spec: {
      ...spec,
      containers: spec.containers.map(ownLists),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(ownLists) }),
      ...(spec.volumes && { volumes: [...spec.volumes] }),
      ...(Array.isArray(spec['imagePullSecrets']) && { imagePullSecrets: [...spec['imagePullSecrets']] }),
    },
  };
}

function ownLists(container: Container): Container {
  return {
    ...container,
    ...(container.env && { env: [...container.env] }),
    ...(container.volumeMounts && { volumeMounts: [...container.volumeMounts] }),
  };
}

/**
 * The fewest operations that carry out the plan on the pod: into a list that is there, one `add` per element; a list that is missing comes
 * whole in one `add`. Never made by comparing two pods: a comparison rewrites every element behind an insertion. Init containers come last,
 * so that the places of the others are those of the pod as it came.
 */
export function patchFor(pod: Pod, plan: Plan, status: string | undefined): readonly Operation[] {
  const secrets = plan.pullSecrets.filter((name) => !namesOf(pod.spec['imagePullSecrets']).includes(name));
  return [
    ...annotate(pod, plan, status),
    ...append(
      '/spec/imagePullSecrets',
      listOf(pod.spec['imagePullSecrets']),
      secrets.map((name) => ({ name })),
    ),
    ...append('/spec/volumes', pod.spec.volumes, plan.volumes),
    ...plan.containers.flatMap(operationsFor),
    ...insertInitContainers(pod, plan),
  ];
}

function operationsFor({ target, environment, mounts }: ContainerPlan): readonly Operation[] {
  const at = pointer('spec', target.list, target.index);
  return [
    ...changeEnvironment(`${at}/env`, target.container.env, environment),
    ...append(`${at}/volumeMounts`, target.container.volumeMounts, mounts),
  ];
}

/** Steps into a list that is there, one operation each. Where there is none, all steps insert, and the list comes whole. */
function changeEnvironment(
  path: string,
  present: readonly EnvVar[] | null | undefined,
  steps: readonly EnvironmentStep[],
): readonly Operation[] {
  if (steps.length === 0) return [];
  if (!present) {
    const list: EnvVar[] = [];
    for (const { kind, index, entry } of steps) list.splice(index, kind === 'insert' ? 0 : 1, entry);
    return [{ op: 'add', path, value: list }];
  }
  let length = present.length;
  return steps.map(({ kind, index, entry }): Operation => {
    if (kind === 'replace') return { op: 'replace', path: `${path}/${index}`, value: entry };
    const isEnd = index === length++;
    return { op: 'add', path: `${path}/${isEnd ? '-' : index}`, value: entry };
  });
}

function insertInitContainers(pod: Pod, { initContainers }: Plan): readonly Operation[] {
  if (initContainers.length === 0) return [];
  if (pod.spec.initContainers) {
    return initContainers.map(({ index, container }) => ({
      op: 'add',
      path: pointer('spec', 'initContainers', index),
      value: container,
    }));
  }
  const list: Json[] = [];
  for (const { index, container } of initContainers) list.splice(index, 0, container);
  return [{ op: 'add', path: '/spec/initContainers', value: list }];
}

function append(
  path: string,
  present: readonly Json[] | null | undefined,
  values: readonly Json[],
): readonly Operation[] {
  if (values.length === 0) return [];
  if (!present) return [{ op: 'add', path, value: values }];
  return values.map((value) => ({ op: 'add', path: `${path}/-`, value }));
}

function listOf(value: Json | undefined): readonly Json[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

function namesOf(value: Json | undefined): readonly unknown[] {
  return (listOf(value) ?? []).map((one) => (isObject(one) ? one['name'] : undefined));
}

function annotate(pod: Pod, plan: Plan, status: string | undefined): readonly Operation[] {
  const present = annotationsOf(pod);
  const evictable = withEvictable(present[EVICTION_ANNOTATION], plan.evictable);
  const wanted = Object.entries({
    ...Object.fromEntries(plan.annotations),
    ...(status !== undefined && { [STATUS_ANNOTATION]: status }),
    ...(evictable !== undefined && { [EVICTION_ANNOTATION]: evictable }),
  }).filter(([name, value]) => present[name] !== value);
  if (wanted.length === 0) return [];
  const whole = Object.fromEntries(wanted);
  if (!pod.metadata) return [{ op: 'add', path: '/metadata', value: { annotations: whole } }];
  if (!pod.metadata.annotations) return [{ op: 'add', path: '/metadata/annotations', value: whole }];
  return wanted.map(([name, value]) => ({
    op: present[name] === undefined ? 'add' : 'replace',
    path: pointer('metadata', 'annotations', name),
    value,
  }));
}
