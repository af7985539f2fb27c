/**
 * Names the volumes on a node's disk that need not keep the pod there when the cluster autoscaler wants the node
 * (kubernetes/autoscaler cluster-autoscaler/utils/drain SafeToEvictLocalVolumesKey).
 */
export const EVICTION_ANNOTATION = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes';

/** The annotation's value with these volumes in it; undefined where nothing is to be written. */
export function withEvictable(present: string | undefined, volumes: readonly string[]): string | undefined {
  const there = evictable(present);
  const missing = volumes.filter((name) => !there.includes(name));
  if (missing.length === 0) return undefined;
  const text = present ?? '';
  return text.trim() === '' ? missing.join(',') : `${text},${missing.join(',')}`;
}

/** The names in the annotation. */
export function evictable(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').map((name) => name.trim());
}
