import { isDeepStrictEqual } from 'node:util';
import type { ClusterState } from '../../kubernetes/cluster-state.ts';

export interface RecordedLookups {
  /** Behaves as the original and records every lookup. */
  readonly cluster: ClusterState;
  readonly count: () => number;
  /** True if every recorded lookup has the same result in this cluster. Then the same pod gets the same decision. */
  readonly matches: (current: ClusterState) => boolean;
}

export function recordLookups(cluster: ClusterState): RecordedLookups {
  const recorded: { readonly lookup: (current: ClusterState) => unknown; readonly result: unknown }[] = [];
  const record = <T>(lookup: (current: ClusterState) => T): T => {
    const result = lookup(cluster);
    recorded.push({ lookup, result });
    return result;
  };
  const { claim, quotas, limitRanges, workload, kubernetes, podSecurityDefault } = cluster;
  return {
    cluster: {
      kubernetes,
      configMapKeys: (namespace, name) => record((current) => current.configMapKeys(namespace, name)),
      ...(claim && { claim: (namespace, name) => record((current) => current.claim?.(namespace, name)) }),
      ...(quotas && { quotas: (namespace) => record((current) => current.quotas?.(namespace)) }),
      ...(limitRanges && { limitRanges: (namespace) => record((current) => current.limitRanges?.(namespace)) }),
      ...(workload && { workload }),
      ...(podSecurityDefault && { podSecurityDefault }),
    },
    count: () => recorded.length,
    matches: (current) =>
      isDeepStrictEqual(kubernetes, current.kubernetes) &&
      isDeepStrictEqual(workload, current.workload) &&
      podSecurityDefault === current.podSecurityDefault &&
      recorded.every(({ lookup, result }) => isDeepStrictEqual(lookup(current), result)),
  };
}
