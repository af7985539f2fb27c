import type { ImageFactsLookup } from './images/facts.ts';
import type { NodeTerm } from './nodes/terms.ts';
import type { NodeFacts } from './nodes/facts.ts';
import type { PodSecurityLevel } from './pod-security.ts';
import type { KubernetesVersion } from './version.ts';
import type { WorkloadRef } from './workload.ts';

/** The state of the cluster, from memory: a decision never waits for the API server. Undefined means unknown. */
export interface ClusterState {
  readonly kubernetes: KubernetesVersion | undefined;
  readonly configMapKeys: (namespace: string, name: string) => ReadonlySet<string> | undefined;
  readonly claim?: (namespace: string, name: string) => Claim | 'absent' | undefined;
  /** The volume that a new claim of this class would get; of the default class if it is undefined. */
  readonly newVolume?: (storageClass: string | undefined) => VolumeFacts;
  readonly quotas?: (namespace: string) => readonly Quota[] | undefined;
  readonly limitRanges?: (namespace: string) => readonly LimitRangeItem[] | undefined;
  readonly nodes?: () => NodeFacts | undefined;
  /** The Pod Security level that the API server enforces in namespaces without the label; undefined if unknown. */
  readonly podSecurityDefault?: PodSecurityLevel;
  /** The cluster is OpenShift: it sets the user and the seccomp profile of containers that name none. */
  readonly openShift?: boolean;
  /** The circuit breakers that are not closed in a namespace, and those of profiles: the same list until one changes. */
  readonly breakers?: (namespace: string) => readonly OpenBreaker[] | undefined;
  /** The targets of a namespace, and those of the cluster: the same object until one changes. Undefined without any. */
  readonly targets?: (namespace: string) => NamespaceTargets | undefined;
  /** Only of a command with the rights of a user: some targets exist, or may exist, that could not be read. */
  readonly hasUnreadTargets?: boolean;
  /** The same object until the facts about an image change. Absent where no facts are given at all. */
  readonly imageFacts?: ImageFactsLookup;
  /** The workload of a pod template from a file, which has no owner reference. */
  readonly workload?: WorkloadRef;
}

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

/** What stops the injection of profiles into the pods of a workload; of all workloads if it is empty. */
export interface OpenBreaker {
  /** `ReplicaSet/web`: the kind of the controller, and the name of the workload. */
  readonly workload: string;
  readonly shown: string;
  /** From the name of a profile to the hash of the version. */
  readonly profiles: Readonly<Record<string, string>>;
  readonly why: string;
}

export interface Claim {
  readonly deleting: boolean;
  /** The node that it is attached to, if only one node at a time can mount it. */
  readonly heldBy: string | undefined;
  /** Only one node at a time can mount it. */
  readonly oneNode?: boolean;
  /** Access mode ReadWriteOncePod. */
  readonly onePod?: boolean;
  /** The volume no longer exists. */
  readonly lost?: boolean;
  /** Volume mode Block: a device without a file system. */
  readonly block?: boolean;
  /** The nodes that can reach its volume; absent if every node can, or it is not known. */
  readonly terms?: readonly NodeTerm[];
  /** `never`: no volume is there for it, and none will be made. `late`: it should have one by now, and has none. */
  readonly unbound?: 'never' | 'late';
}

/** What becomes of a claim's volume, as far as it is known. */
export interface VolumeFacts {
  readonly terms?: readonly NodeTerm[];
  /** `soon`: a volume is made or bound without waiting for a pod. */
  readonly unbound?: 'never' | 'soon';
}

/** A ResourceQuota with the remaining amount of each resource, in units (bytes, cores, objects). */
export interface Quota {
  readonly name: string;
  readonly left: ReadonlyMap<string, number>;
}

/** An entry of a LimitRange, in units (bytes, cores). */
export interface LimitRangeItem {
  readonly name: string;
  /** Container, Pod or PersistentVolumeClaim. */
  readonly type: string;
  readonly min: ReadonlyMap<string, number>;
  readonly max: ReadonlyMap<string, number>;
  /** The maximum ratio of limit to request. */
  readonly ratio: ReadonlyMap<string, number>;
}

/** A cluster of which nothing is known. Checks that depend on its state are skipped. */
export const unknownCluster: ClusterState = { kubernetes: undefined, configMapKeys: () => undefined };
