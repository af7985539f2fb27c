/**
 * Lists local volumes that must not prevent the cluster autoscaler from removing the node
 * (kubernetes/autoscaler cluster-autoscaler/utils/drain SafeToEvictLocalVolumesKey).
 */
export const EVICTION_ANNOTATION = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes';

/** Adds volumes to the value of the annotation; undefined if it has all of them. */
export function withEvictable(present: string | undefined, volumes: readonly string[]): string | undefined {
  const listed = evictable(present);
  const missing = volumes.filter((name) => !listed.includes(name));
  if (missing.length === 0) return undefined;
  const text = present ?? '';
  return text.trim() === '' ? missing.join(',') : `${text},${missing.join(',')}`;
}

export function evictable(present: string | undefined): readonly string[] {
  return (present ?? '').split(',').map((name) => name.trim());
}
