import jsonpatch from 'fast-json-patch';
import { INJECTED_LABEL, STATUS_ANNOTATION } from '../api/keys.ts';
import { annotationsOf, type Container, type EnvVar, type Pod } from '../kubernetes/pod.ts';
import { EVICTION_ANNOTATION, withEvictable } from '../kubernetes/safe-to-evict.ts';
import { type Operation, pointer } from '../lib/json-patch.ts';
import { isObject, type Json } from '../lib/json.ts';
import { applySteps, type EnvironmentStep } from './env/plan.ts';
import type { ContainerPlan, Plan } from './plan.ts';

/**
 * Applies the operations to a copy of the pod. Only the objects and lists that operations may change are copied; both pods share the rest,
 * which is far cheaper than a clone. Throws if an operation does not apply.
 */
export function applyPatch(pod: Pod, operations: readonly Operation[]): Pod {
  return jsonpatch.applyPatch(mutableCopy(pod), operations, false, true).newDocument;
}

function mutableCopy(pod: Pod): Pod {
  const { metadata, spec } = pod;
  return {
    ...pod,
    ...(metadata && {
      metadata: {
        ...metadata,
        ...(metadata.annotations && { annotations: { ...metadata.annotations } }),
        ...(metadata.labels && { labels: { ...metadata.labels } }),
      },
    }),
    spec: {
      ...spec,
      containers: spec.containers.map(withCopiedLists),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(withCopiedLists) }),
      ...(spec.volumes && { volumes: [...spec.volumes] }),
      ...(Array.isArray(spec['imagePullSecrets']) && { imagePullSecrets: [...spec['imagePullSecrets']] }),
    },
  };
}

function withCopiedLists(container: Container): Container {
  return {
    ...container,
    ...(container.env && { env: [...container.env] }),
    ...(container.volumeMounts && { volumeMounts: [...container.volumeMounts] }),
  };
}

/**
 * Makes the smallest patch that applies the plan: one `add` per element to an existing list, one `add` for a list that does not exist. It does
 * not compare two pods, since a comparison would rewrite every element behind an insertion. Init containers come last, so that the indexes of
 * the other operations are those of the original pod.
 */
export function patchFor(pod: Pod, plan: Plan, status: string | undefined): readonly Operation[] {
  const secrets = plan.pullSecrets.filter((name) => !namesOf(pod.spec['imagePullSecrets']).includes(name));
  return [
    ...changeMetadata(pod, plan, status),
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
  const path = pointer('spec', target.list, target.index);
  return [
    ...changeEnvironment(`${path}/env`, target.container.env, environment),
    ...append(`${path}/volumeMounts`, target.container.volumeMounts, mounts),
  ];
}

function changeEnvironment(
  path: string,
  existing: readonly EnvVar[] | null | undefined,
  steps: readonly EnvironmentStep[],
): readonly Operation[] {
  if (steps.length === 0) return [];
  if (!existing) {
    const list: EnvVar[] = [];
    applySteps(list, steps);
    return [{ op: 'add', path, value: list }];
  }
  let length = existing.length;
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
  existing: readonly Json[] | null | undefined,
  values: readonly Json[],
): readonly Operation[] {
  if (values.length === 0) return [];
  if (!existing) return [{ op: 'add', path, value: values }];
  return values.map((value) => ({ op: 'add', path: `${path}/-`, value }));
}

function listOf(value: Json | undefined): readonly Json[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

function namesOf(value: Json | undefined): readonly unknown[] {
  return (listOf(value) ?? []).map((element) => (isObject(element) ? element['name'] : undefined));
}

/** Annotations first, then the label: of a pod without metadata, one operation adds both. */
function changeMetadata(pod: Pod, plan: Plan, status: string | undefined): readonly Operation[] {
  const annotations = changedAnnotations(pod, plan, status);
  const labels = plan.label === undefined ? {} : { [INJECTED_LABEL]: plan.label };
  const { metadata } = pod;
  if (metadata)
    return [
      ...changeMap('annotations', metadata.annotations, annotations),
      ...changeMap('labels', metadata.labels, labels),
    ];
  const value = { ...(hasKeys(annotations) && { annotations }), ...(hasKeys(labels) && { labels }) };
  return hasKeys(value) ? [{ op: 'add', path: '/metadata', value }] : [];
}

type Texts = Readonly<Record<string, string>>;

function changedAnnotations(pod: Pod, plan: Plan, status: string | undefined): Texts {
  const evictable = withEvictable(annotationsOf(pod)[EVICTION_ANNOTATION], plan.evictable);
  return {
    ...Object.fromEntries(plan.annotations),
    ...(status !== undefined && { [STATUS_ANNOTATION]: status }),
    ...(evictable !== undefined && { [EVICTION_ANNOTATION]: evictable }),
  };
}

function changeMap(
  field: 'annotations' | 'labels',
  existing: Texts | null | undefined,
  texts: Texts,
): readonly Operation[] {
  const changed = Object.entries(texts).filter(([name, value]) => existing?.[name] !== value);
  if (changed.length === 0) return [];
  if (!existing) return [{ op: 'add', path: pointer('metadata', field), value: Object.fromEntries(changed) }];
  return changed.map(([name, value]) => ({
    op: existing[name] === undefined ? 'add' : 'replace',
    path: pointer('metadata', field, name),
    value,
  }));
}

function hasKeys(object: object): boolean {
  return Object.keys(object).length > 0;
}
