import type { Json } from './json.ts';
import { STATUS_ANNOTATION } from './keys.ts';
import { pointer, type Operation } from './operation.ts';
import { annotationsOf, type Pod } from './pod.ts';
import type { ContainerPlan, Plan } from './plan.ts';

/**
 * The fewest operations that carry out the plan on the pod: into a list that is there, one `add` behind its end per element; a list that is
 * missing comes whole in one `add`. Never made by comparing two pods: a comparison rewrites every element behind an insertion.
 */
export function patchFor(pod: Pod, plan: Plan, status: string | undefined): readonly Operation[] {
  return [
    ...(status === undefined ? [] : annotate(pod, status)),
    ...append('/spec/volumes', pod.spec.volumes, plan.volumes),
    ...plan.containers.flatMap(operationsFor),
  ];
}

function operationsFor({ target, environment, mounts }: ContainerPlan): readonly Operation[] {
  const at = pointer('spec', target.list, target.index);
  return [
    ...append(`${at}/env`, target.container.env, environment),
    ...append(`${at}/volumeMounts`, target.container.volumeMounts, mounts),
  ];
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

function annotate(pod: Pod, status: string): readonly Operation[] {
  const before = annotationsOf(pod)[STATUS_ANNOTATION];
  if (before === status) return [];
  if (!pod.metadata) return [{ op: 'add', path: '/metadata', value: { annotations: { [STATUS_ANNOTATION]: status } } }];
  if (!pod.metadata.annotations)
    return [{ op: 'add', path: '/metadata/annotations', value: { [STATUS_ANNOTATION]: status } }];
  return [
    {
      op: before === undefined ? 'add' : 'replace',
      path: pointer('metadata', 'annotations', STATUS_ANNOTATION),
      value: status,
    },
  ];
}
