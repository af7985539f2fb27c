import type { ClusterState, PodTarget } from '../../kubernetes/cluster-state.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { labelsOf, type Pod } from '../../kubernetes/pod.ts';

/** What says which targets select a pod. */
export interface TargetSources {
  readonly pod: Pod;
  readonly namespace: Namespace;
  readonly cluster: ClusterState;
  /** The targets that select the pod, if they were looked up before: the shape of a pod has none of the labels that they ask for. */
  readonly targets?: readonly PodTarget[] | undefined;
}

const NONE: readonly PodTarget[] = [];

// A decision asks dozens of times.
const selected = new WeakMap<TargetSources, readonly PodTarget[]>();

/** The first target of each scope that selects the pod, whether it applies or not. */
export function selectedTargets(sources: TargetSources): readonly PodTarget[] {
  if (sources.targets) return sources.targets;
  if (!sources.cluster.targets) return NONE;
  const known = selected.get(sources) ?? select(sources);
  selected.set(sources, known);
  return known;
}

function select({ pod, namespace, cluster }: TargetSources): readonly PodTarget[] {
  return cluster.targets?.(namespace.name)?.first(namespace.labels, labelsOf(pod)) ?? NONE;
}
