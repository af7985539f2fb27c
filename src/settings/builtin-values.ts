import { workloadNameOf } from '../kubernetes/owner.ts';
import type { Container } from '../kubernetes/pod.ts';
import type { builtinNames } from '../profiles/template.ts';
import type { SettingSources } from './resolve.ts';

export function builtinValues(
  { pod, namespace, cluster }: SettingSources,
  container: Container,
): ReadonlyMap<string, string> {
  const values: { readonly [name in (typeof builtinNames)[number]]: string } = {
    'pod.workload': cluster.workload?.name ?? workloadNameOf(pod) ?? container.name,
    'pod.namespace': namespace.name,
    'container.name': container.name,
  };
  return new Map(Object.entries(values));
}
