import type { Explanation } from '../diagnostics/explanation.ts';
import type { WorkloadStatus } from '../diagnostics/workload-status.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import type { Json, JsonObject } from '../lib/json.ts';

/** What the page asks its server for. All addresses are below its base, answer GET, and are JSON; errors are a `PageError`. */

export interface PageError {
  readonly error: { readonly code: PageErrorCode; readonly message: string };
}

/** `token-needed`: the request needs a bearer token. `session-needed`: it needs the cookie of the address that was printed. */
export type PageErrorCode =
  | 'token-needed'
  | 'session-needed'
  | 'forbidden'
  | 'not-found'
  | 'bad-request'
  | 'unavailable'
  | 'busy';

/** GET api/session */
export interface Session {
  /** As the API server names the user; undefined if it is not known. */
  readonly user: string | undefined;
  readonly from: 'cluster' | 'files';
  /** Context or server of the kubeconfig, `cluster`, or the names of the files. */
  readonly place: string;
  /** Of agent-injector. */
  readonly version: string;
  /** Those that can be seen. */
  readonly namespaces: readonly string[];
  /** Whether api/now answers. */
  readonly hasMetrics: boolean;
}

/** GET api/overview */
export interface Overview {
  /** In the order in which they should be looked at. */
  readonly needs: readonly Need[];
  readonly workloads: readonly WorkloadRow[];
  /** What could not be read, and what follows from that. */
  readonly notes: readonly string[];
}

/** In the order in which they should be looked at. */
export const NEED_KINDS = [
  'server',
  'breaker',
  'refused',
  'failing',
  'missing',
  'outdated',
  'leftover',
  'mistake',
] as const;

export type NeedKind = (typeof NEED_KINDS)[number];

export interface Need {
  /** The same after a refresh. */
  readonly id: string;
  readonly kind: NeedKind;
  /** Reason code, kind of an audit, state of an agent, or name of a check: what the affected workloads have in common. */
  readonly code: string;
  readonly meaning: string;
  /** Address in the documentation. */
  readonly docs: string;
  readonly affected: readonly AffectedWorkload[];
}

export interface AffectedWorkload {
  readonly namespace: string;
  /** `Deployment/web`; undefined if the need is about the namespace or the server. */
  readonly workload: string | undefined;
  readonly pods: number;
  /** With the names filled in. */
  readonly message: string;
  /** A command to copy. */
  readonly fix: string | undefined;
  /** What to do, where no command does it. */
  readonly hint: string | undefined;
}

export interface WorkloadRow extends WorkloadStatus {
  /** Pods for which an agent is asked for, whether they have it or not: all but those that are left without one by choice. */
  readonly asked: number;
}

/** GET api/pods?namespace=&workload=Deployment/web */
export interface PodList {
  readonly pods: readonly PodRow[];
}

export interface PodRow {
  readonly name: string;
  readonly phase: string;
  /** An `AgentState`; undefined without an agent. */
  readonly state: string | undefined;
  readonly injected: readonly string[];
  /** The code that its record says. */
  readonly reason: string | undefined;
  readonly created: string;
  readonly node: string | undefined;
}

/** GET api/pod?namespace=&name=, or &workload= for its template as a new pod */
export interface PodDetail {
  readonly namespace: string;
  readonly name: string;
  readonly workload: string | undefined;
  /** The decision that would be made now. */
  readonly explanation: Explanation;
  /** YAML without the agent. */
  readonly before: string;
  /** YAML as it runs, or as a new pod would be. */
  readonly after: string;
  /** The status annotation. */
  readonly record: Json | undefined;
  readonly events: readonly PodEvent[];
  readonly verdict: { readonly code: string; readonly message: string } | undefined;
}

export interface PodEvent {
  readonly at: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  readonly from: string;
}

/** GET api/profiles */
export interface ProfileList {
  readonly profiles: readonly ProfileRow[];
}

export interface ProfileRow {
  readonly name: string;
  readonly vendor: string;
  readonly description: string;
  readonly hash: string;
  /** `built in`, a file, or a resource of the cluster. */
  readonly source: string;
  readonly deliveries: readonly string[];
  readonly parameters: readonly ProfileParameter[];
  readonly usedBy: readonly { readonly namespace: string; readonly workload: string; readonly pods: number }[];
  readonly yaml: string;
}

export interface ProfileParameter {
  readonly name: string;
  /** The annotation that sets it. */
  readonly key: string;
  readonly type: string;
  readonly required: boolean;
  readonly default: string | undefined;
  readonly description: string;
}

/** GET api/now: from the server's own metrics. Counters: the page makes rates of two answers. */
export interface Now {
  readonly at: string;
  readonly decisions: readonly { readonly outcome: string; readonly reason: string; readonly count: number }[];
  readonly latency: Latency | undefined;
  readonly certificates: readonly { readonly name: string; readonly expires: string }[];
  readonly caches: readonly { readonly name: string; readonly entries: number; readonly state: string }[];
  readonly replicas: number;
}

/** A histogram in seconds; the counts are cumulative. */
export interface Latency {
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly (readonly [le: number, count: number])[];
}

/** GET api/try: what a decision in the browser needs. */
export interface TrySettings {
  readonly namespaces: readonly Namespace[];
  /** AgentProfile documents beside the built-in ones. */
  readonly profiles: readonly JsonObject[];
  /** Options of the server that decisions depend on, as far as they are known. */
  readonly options: JsonObject;
}

/** GET api/changes: server-sent events `overview` with this, whenever api/overview would answer something new, and `ping`. */
export interface Change {
  readonly etag: string;
}
