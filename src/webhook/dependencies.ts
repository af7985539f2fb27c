import type { DecisionSummary } from '../admission/decision.ts';
import type { ClusterState } from '../kubernetes/cluster-state.ts';
import type { Namespace, NamespaceLookup } from '../kubernetes/namespace.ts';
import type { Named } from '../kubernetes/pod.ts';
import type { Metrics } from '../metrics/types.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { ParentLogger } from '../lib/logger.ts';

/** Where namespaces are known from: the cluster's cache, a file, or the sample. */
export interface Namespaces {
  /** From the cache, without I/O. */
  readonly get: (name: string) => Namespace | undefined;
  /** Asks once for a namespace that is not in the cache. Never rejects. */
  readonly fetch: (name: string, deadlineMs: number) => Promise<NamespaceLookup>;
}

export interface HandlerDependencies {
  /** Asked anew for each review, so that profiles can be exchanged while the server runs. */
  readonly catalogue: () => Catalogue;
  /** What is known of the cluster, asked anew for each review. Without it, nothing is. */
  readonly cluster?: () => ClusterState;
  readonly namespaces: Namespaces;
  readonly metrics: Pick<Metrics, 'reviewed' | 'recalled'>;
  readonly log: ParentLogger;
  /** Is told of a decision once its answer is on its way, unless the review was of a dry run. It must not throw, and nobody waits for it. */
  readonly decided?: (namespace: string, pod: Named, decision: DecisionSummary) => void;
}
