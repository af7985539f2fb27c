import type { Container, Pod } from './pod.ts';

/** Adds what every pod must have, so that the API server accepts most of the generated pods. */
export function withRequiredFields(pod: Pod, index: number): Pod {
  const names = new Set(((pod.spec['volumes'] ?? []) as readonly { readonly name: string }[]).map(({ name }) => name));
  const fit = (container: Container): Container => {
    const mounts = (container['volumeMounts'] ?? []) as readonly { readonly name: string }[];
    return { ...container, image: 'image', volumeMounts: mounts.filter(({ name }) => names.has(name)) };
  };
  const { labels: _, ...metadata } = (pod.metadata ?? {}) as Record<string, unknown>;
  const init = pod.spec.initContainers;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name: `pod-${index}`, managedFields: undefined },
    spec: { ...pod.spec, containers: pod.spec.containers.map(fit), ...(init && { initContainers: init.map(fit) }) },
  };
}
