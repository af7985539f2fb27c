type Labels = Readonly<Record<string, string>>;

/** A target as a decision sees it: what an AgentTarget or a ClusterAgentTarget sets for the pods that it selects. */
export interface PodTarget {
  /** `namespace`: an AgentTarget. `cluster`: a ClusterAgentTarget. */
  readonly scope: 'namespace' | 'cluster';
  /** `shop/java`; `java` of one of the cluster. */
  readonly name: string;
  /** From the name of a setting or a parameter, as in annotations, to its value. */
  readonly settings: ReadonlyMap<string, string>;
}

/** The targets that may select pods of a namespace: the same object until one of them changes. */
export interface NamespaceTargets {
  /** The target of each scope that comes first among those that select a pod with these labels, at most two. */
  readonly first: (namespace: Labels, pod: Labels) => readonly PodTarget[];
  /** All that select it, in order: those of the namespace before those of the cluster. */
  readonly all: (namespace: Labels, pod: Labels) => readonly PodTarget[];
}
