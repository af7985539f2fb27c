import { workloadOf } from '../kubernetes/owner.ts';
import type { Container } from '../kubernetes/pod.ts';
import type { factNames } from '../profiles/template.ts';
import type { Layers } from './resolve.ts';

/** The facts of one container. */
export function factsOf({ pod, namespace, cluster }: Layers, container: Container): ReadonlyMap<string, string> {
  const values: { readonly [name in (typeof factNames)[number]]: string } = {
    'pod.workload': cluster.workload?.name ?? workloadOf(pod) ?? container.name,
    'pod.namespace': namespace.name,
    'container.name': container.name,
  };
  return new Map(Object.entries(values));
}
