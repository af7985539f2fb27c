import type { LabelSelector } from '../../api/target/label-selector.ts';
import { CLUSTER_TARGET_KIND, TARGET_KIND } from '../../api/target/kinds.ts';
import type { PodTarget } from '../../kubernetes/cluster-state.ts';

/** An AgentTarget or a ClusterAgentTarget, as it was accepted. */
export interface Target extends PodTarget {
  /** Undefined of one of the cluster. */
  readonly namespace: string | undefined;
  /** As the API server writes times, all in one zone: their texts are in their order. */
  readonly created: string;
  /** The number of labels and expressions that it asks for. */
  readonly specificity: number;
  readonly podSelector: LabelSelector;
  readonly namespaceSelector: LabelSelector;
}

/** Another target wins over those behind it: the most specific, then the oldest, then by name. */
export function byPrecedence(one: Target, other: Target): number {
  if (one.specificity !== other.specificity) return other.specificity - one.specificity;
  if (one.created !== other.created) return one.created < other.created ? -1 : 1;
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}

/** `AgentTarget shop/java`. */
export function targetText({ scope, name }: Pick<PodTarget, 'scope' | 'name'>): string {
  return `${scope === 'namespace' ? TARGET_KIND : CLUSTER_TARGET_KIND} ${name}`;
}

/** In characters, with an estimate for the objects themselves. */
export function sizeOfTarget({ settings, podSelector, namespaceSelector }: Target): number {
  return SIZE + JSON.stringify([...settings, podSelector, namespaceSelector]).length;
}

const SIZE = 1024;
