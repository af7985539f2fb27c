import type { DecisionSummary } from '../admission/decision.ts';
import type { ClusterState } from '../kubernetes/cluster-state.ts';
import type { Namespace, NamespaceLookup } from '../kubernetes/namespace.ts';
import type { HasMetadata } from '../kubernetes/pod.ts';
import type { JsonObject } from '../lib/json.ts';
import type { ParentLogger } from '../lib/logger.ts';
import type { Metrics } from '../metrics/types.ts';
import type { Catalogue } from '../profiles/catalogue.ts';

export interface Namespaces {
  /** Reads from the cache, without I/O. */
  readonly get: (name: string) => Namespace | undefined;
  /** Requests a namespace that is not in the cache. Never rejects. */
  readonly fetch: (name: string, deadlineMs: number) => Promise<NamespaceLookup>;
  /** Requests a namespace for a required pod, whether or not it is in the cache. Never rejects. */
  readonly fetchLatest: (name: string, deadlineMs: number) => Promise<NamespaceLookup>;
}

/** Dependencies of the handler. The functions are called for each review, so that their results can change while the server runs. */
export interface HandlerDependencies {
  readonly catalogue: () => Catalogue;
  readonly cluster: () => ClusterState;
  readonly namespaces: Namespaces;
  readonly metrics: Pick<Metrics, 'recordReview' | 'recordCachedAnswer'>;
  readonly log: ParentLogger;
  /** What is wrong with an AgentProfile or a target, one line each. */
  readonly judgeResource?: ((object: JsonObject) => Promise<readonly string[]>) | undefined;
  /** Called after the answer was sent, except for dry runs. It must not throw. */
  readonly onDecision?: (namespace: string, pod: HasMetadata, decision: DecisionSummary) => void;
}
