import type { ClusterState } from '../../kubernetes/cluster-state.ts';

/** Facts of a cluster that note what they were asked, so that it can be asked again later. */
export interface ConsultedCluster {
  /** Answers as the cluster does. */
  readonly facts: ClusterState;
  /** How many questions were asked so far. */
  readonly questions: () => number;
  /** Whether this cluster, the same one later, answers every question as it was answered then. */
  readonly holds: (now: ClusterState) => boolean;
}

/** Notes what a decision asks of a cluster. Two clusters that answer all of it alike make the same decision of the same pod. */
export function recordLookups(cluster: ClusterState): ConsultedCluster {
  const asked: { readonly question: (now: ClusterState) => unknown; readonly answer: unknown }[] = [];
  const ask = <T>(question: (now: ClusterState) => T): T => {
    const answer = question(cluster);
    asked.push({ question, answer });
    return answer;
  };
  const { claim, quotas, limitRanges, workload, kubernetes } = cluster;
  const facts: ClusterState = {
    kubernetes,
    configMapKeys: (namespace, name) => ask((now) => now.configMapKeys(namespace, name)),
    ...(claim && { claim: (namespace, name) => ask((now) => now.claim?.(namespace, name)) }),
    ...(quotas && { quotas: (namespace) => ask((now) => now.quotas?.(namespace)) }),
    ...(limitRanges && { limitRanges: (namespace) => ask((now) => now.limitRanges?.(namespace)) }),
    ...(workload && { workload }),
  };
  return {
    facts,
    questions: () => asked.length,
    holds: (now) =>
      alike(kubernetes, now.kubernetes) &&
      alike(workload, now.workload) &&
      asked.every(({ question, answer }) => alike(question(now), answer)),
  };
}

/** Whether two facts say the same. Facts are words, numbers, plain objects, lists, Maps and Sets, a few of each. */
function alike(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  const [parts, others] = [partsOf(one), partsOf(other)];
  return parts.length === others.length && parts.every((part, index) => alike(part, others[index]));
}

/** Names and values in one list; what is of two kinds is never alike, for the first part is the kind. */
function partsOf(value: object): readonly unknown[] {
  if (Array.isArray(value)) return ['list', ...(value as readonly unknown[])];
  if (value instanceof Map) return ['map', ...[...value].flat()];
  if (value instanceof Set) return ['set', ...value];
  return ['object', ...Object.entries(value).flat()];
}
