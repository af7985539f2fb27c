import type { KubernetesVersion } from './version.ts';

/** The state of the cluster that a decision uses, apart from the namespace. It comes from memory: a decision never waits for the API server. */
export interface ClusterState {
  /** The version of the API server; undefined if unknown, such as for a file on a laptop. */
  readonly kubernetes: KubernetesVersion | undefined;
  /** The keys of a ConfigMap; undefined if it cannot be read or has not been loaded. */
  readonly configMapKeys: (namespace: string, name: string) => ReadonlySet<string> | undefined;
  /** Undefined if unknown. Absent if claims are not watched. */
  readonly claim?: (namespace: string, name: string) => Claim | 'absent' | undefined;
  /** The quotas of a namespace; undefined if unknown. */
  readonly quotas?: (namespace: string) => readonly Quota[] | undefined;
  /** The entries of all LimitRanges of a namespace; undefined if unknown. */
  readonly limitRanges?: (namespace: string) => readonly LimitRangeItem[] | undefined;
  /** The workload that creates the pod, if the pod has no owner reference yet because it is a template in a file. */
  readonly workload?: Workload;
}

/** The state of a PersistentVolumeClaim that decides whether a pod can mount it. */
export interface Claim {
  readonly deleting: boolean;
  /** The node that it is attached to, if only one node at a time can mount it. */
  readonly heldBy: string | undefined;
  /** Access mode ReadWriteOncePod. */
  readonly onePod?: boolean;
  /** The volume no longer exists. */
  readonly lost?: boolean;
  /** Volume mode Block: a device without a file system. */
  readonly block?: boolean;
}

/** A ResourceQuota with the remaining amount of each resource that it limits, in units (bytes, cores, objects). */
export interface Quota {
  readonly name: string;
  readonly left: ReadonlyMap<string, number>;
}

/** An entry of a LimitRange, which applies to each container, pod or claim of the namespace, in units (bytes, cores). */
export interface LimitRangeItem {
  readonly name: string;
  /** Container, Pod or PersistentVolumeClaim. */
  readonly type: string;
  readonly min: ReadonlyMap<string, number>;
  readonly max: ReadonlyMap<string, number>;
  /** The maximum ratio of limit to request. */
  readonly ratio: ReadonlyMap<string, number>;
}

/** The object that creates pods, as users know it. */
export interface Workload {
  readonly kind: string;
  readonly name: string;
}

/** A cluster of which nothing is known. Checks that depend on its state are skipped. */
export const unknownCluster: ClusterState = { kubernetes: undefined, configMapKeys: () => undefined };
