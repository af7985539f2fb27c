import type { KubernetesVersion } from './version.ts';

/** What a decision may know of the cluster besides the namespace. All of it comes from memory: nothing is asked for while a pod waits. */
export interface ClusterState {
  /** The API server's version; undefined where nobody knows it (a file on a laptop). */
  readonly kubernetes: KubernetesVersion | undefined;
  /** The names of a ConfigMap's keys; undefined where we may not read it or have not seen it. */
  readonly configMapKeys: (namespace: string, name: string) => ReadonlySet<string> | undefined;
  /** A claim by namespace and name; undefined where nobody knows. Left out where claims are not looked at. */
  readonly claim?: (namespace: string, name: string) => Claim | 'absent' | undefined;
  /** The quotas of a namespace; undefined where nobody knows. */
  readonly quotas?: (namespace: string) => readonly Quota[] | undefined;
  /** What the LimitRanges of a namespace say, entry by entry; undefined where nobody knows. */
  readonly limitRanges?: (namespace: string) => readonly LimitRangeItem[] | undefined;
  /** What makes the pod, where the pod cannot say so itself: it is a template in a file. */
  readonly workload?: Workload;
}

/** A PersistentVolumeClaim as far as it matters to a pod that would mount it. */
export interface Claim {
  readonly deleting: boolean;
  /** The node that has it, where only one at a time can. */
  readonly heldBy: string | undefined;
  /** Only one pod at a time can have it (ReadWriteOncePod). */
  readonly onePod?: boolean;
  /** Its volume is gone for good. */
  readonly lost?: boolean;
  /** It is a block device, without files. */
  readonly block?: boolean;
}

/** A ResourceQuota: what is left of each resource that it limits, in units (bytes, cores, objects). */
export interface Quota {
  readonly name: string;
  readonly left: ReadonlyMap<string, number>;
}

/** An entry of a LimitRange: what each container, each pod or each claim of the namespace may have, in units (bytes, cores). */
export interface LimitRangeItem {
  readonly name: string;
  /** Container, Pod, PersistentVolumeClaim… */
  readonly type: string;
  readonly min: ReadonlyMap<string, number>;
  readonly max: ReadonlyMap<string, number>;
  /** How many times the request a limit may be. */
  readonly ratio: ReadonlyMap<string, number>;
}

/** The object that makes pods, as users know it. */
export interface Workload {
  readonly kind: string;
  readonly name: string;
}

/** A cluster of which nothing is known: what rests on a fact of it is not done. */
export const unknownCluster: ClusterState = { kubernetes: undefined, configMapKeys: () => undefined };
