import { isDeepStrictEqual } from 'node:util';
import type { ClusterState } from '../../kubernetes/cluster-state.ts';

export interface RecordedLookups {
  /** Behaves as the original and records every lookup. */
  readonly cluster: ClusterState;
  /** What was looked up. */
  readonly keys: () => Iterable<string>;
  readonly count: () => number;
  /** True if every recorded lookup has the same result in this cluster. Then the same pod gets the same decision. */
  readonly matches: (current: ClusterState) => boolean;
}

interface Recorded {
  readonly lookup: (current: ClusterState) => unknown;
  readonly result: unknown;
}

export function recordLookups(cluster: ClusterState): RecordedLookups {
  const recorded = new Map<string, Recorded>();
  const record = <T>(key: string, lookup: (current: ClusterState) => T): T => {
    const result = lookup(cluster);
    recorded.set(key, { lookup, result });
    return result;
  };
  const {
    configMapKeys: _,
    claim,
    newVolume,
    quotas,
    limitRanges,
    nodes,
    breakers,
    imageFacts,
    ...constants
  } = cluster;
  const { workload, kubernetes, podSecurityDefault, openShift } = constants;
  return {
    cluster: {
      // Of the targets among them, the key of an entry says which select the pod, or they are stored with it.
      ...constants,
      configMapKeys: (namespace, name) =>
        record(`keys ${namespace}/${name}`, (current) => current.configMapKeys(namespace, name)),
      ...(claim && {
        claim: (namespace, name) => record(`claim ${namespace}/${name}`, (current) => current.claim?.(namespace, name)),
      }),
      ...(newVolume && {
        newVolume: (name) =>
          record(
            name === undefined ? 'default volume' : `volume ${name}`,
            (current) => current.newVolume?.(name) ?? {},
          ),
      }),
      ...(quotas && { quotas: (namespace) => record(`quotas ${namespace}`, (current) => current.quotas?.(namespace)) }),
      ...(limitRanges && {
        limitRanges: (namespace) => record(`limits ${namespace}`, (current) => current.limitRanges?.(namespace)),
      }),
      ...(nodes && { nodes: () => record('nodes', (current) => current.nodes?.()) }),
      ...(breakers && {
        breakers: (namespace) => record(`breakers ${namespace}`, (current) => current.breakers?.(namespace)),
      }),
      ...(imageFacts && {
        imageFacts: (image) => record(`image ${image}`, (current) => current.imageFacts?.(image)),
      }),
    },
    keys: () => recorded.keys(),
    count: () => recorded.size,
    matches: (current) => {
      if (!isSame(kubernetes, current.kubernetes) || !isSame(workload, current.workload)) return false;
      if (podSecurityDefault !== current.podSecurityDefault || openShift !== current.openShift) return false;
      for (const { lookup, result } of recorded.values()) if (!isSame(lookup(current), result)) return false;
      return true;
    },
  };
}

/** Most results are the same object as before. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || isDeepStrictEqual(one, other);
}
