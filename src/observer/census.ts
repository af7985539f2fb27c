import type { ObservedPod, ObservedWorkload } from './observed-pod.ts';
import { POD_STATES, type PodState } from './trouble.ts';
import { type VersionCount, VersionCounts } from './version-counts.ts';

/** Pods of which it is kept how they fail. Of others only the state is kept: one cause is behind so many, or a node. */
const MAX_TROUBLED = 5_000;

const MAX_PROFILES = 100;

const OTHER = 'other';

/** Shared by all workloads without a pod that fails, and always empty. */
const NONE = new Map<string, ObservedPod>();

/** The injected pods of one workload. */
export interface WorkloadCount {
  readonly workload: ObservedWorkload;
  /** Pods that have not ended. */
  pods: number;
  /** From the key of a pod, `namespace/name`. */
  troubled: Map<string, ObservedPod>;
  /** The pod that was created last, as far as it was seen. */
  newest: { readonly key: string; readonly createdAt: number } | undefined;
}

/** The pods of the cluster that carry an agent, and what became of them: a store for a reflector that counts as it stores. */
export class Census {
  readonly #pods = new Map<string, ObservedPod>();
  readonly #workloads = new Map<string, WorkloadCount>();
  readonly #labels = new Map<string, string>();
  readonly #counts = new Map<string, Map<PodState, number>>();
  readonly #versions = new VersionCounts();
  #troubled = 0;

  get size(): number {
    return this.#pods.size;
  }

  get(key: string): ObservedPod | undefined {
    return this.#pods.get(key);
  }

  set(key: string, given: ObservedPod): void {
    this.delete(key);
    const count = this.#workloadOf(given.workload);
    // Of what pods share, one is kept.
    const profile = this.#profileOf(given.profile);
    const shared = { ...given, workload: count.workload, profile, versions: this.#versions.share(given.versions) };
    const pod = shared.trouble && this.#troubled >= MAX_TROUBLED ? withoutTrouble(shared) : shared;
    this.#pods.set(key, pod);
    if (pod.state === 'ended') {
      this.#forget(count);
      return;
    }
    this.#count(pod, 1);
    count.pods += 1;
    if (pod.trouble) {
      if (count.troubled === NONE) count.troubled = new Map();
      count.troubled.set(key, pod);
      this.#troubled += 1;
    }
    if (!count.newest || pod.createdAt >= count.newest.createdAt) count.newest = { key, createdAt: pod.createdAt };
  }

  delete(key: string): void {
    const pod = this.#pods.get(key);
    if (!pod) return;
    this.#pods.delete(key);
    if (pod.state === 'ended') return;
    this.#count(pod, -1);
    const count = this.#workloads.get(idOf(pod.workload));
    if (!count) return;
    count.pods -= 1;
    if (count.troubled.delete(key)) this.#troubled -= 1;
    this.#forget(count);
  }

  #forget({ pods, workload }: WorkloadCount): void {
    if (pods === 0) this.#workloads.delete(idOf(workload));
  }

  /** Anyone can write the label: only so many values count by themselves. */
  #profileOf(label: string): string {
    const known = this.#labels.get(label);
    if (known !== undefined) return known;
    if (this.#labels.size >= MAX_PROFILES) return OTHER;
    this.#labels.set(label, label);
    return label;
  }

  workload(namespace: string, key: string): WorkloadCount | undefined {
    return this.#workloads.get(idOf({ namespace, key }));
  }

  /** The workloads with pods that fail. */
  troubled(): readonly WorkloadCount[] {
    return [...this.#workloads.values()].filter(({ troubled }) => troubled.size > 0);
  }

  /** How many workloads have pods with this profile. */
  workloadsWith(profile: string): number {
    const found = new Set<string>();
    for (const pod of this.#pods.values())
      if (pod.state !== 'ended' && pod.profile === profile) found.add(idOf(pod.workload));
    return found.size;
  }

  /** From the value of the label to the number of pods in each state. */
  counts(): ReadonlyMap<string, ReadonlyMap<PodState, number>> {
    return this.#counts;
  }

  /** From the hash of each version of a profile to its pods that have not ended. */
  versionsOf(profile: string): ReadonlyMap<string, VersionCount> {
    return this.#versions.of(profile);
  }

  #count(pod: ObservedPod, change: 1 | -1): void {
    const { profile, state } = pod;
    if (state === 'ended') return;
    this.#versions.count(pod, change);
    const states = this.#counts.get(profile) ?? new Map(POD_STATES.map((one) => [one, 0]));
    states.set(state, (states.get(state) ?? 0) + change);
    this.#counts.set(profile, states);
  }

  #workloadOf(workload: ObservedWorkload): WorkloadCount {
    const id = idOf(workload);
    const known = this.#workloads.get(id);
    if (known) return known;
    const count: WorkloadCount = { workload, pods: 0, troubled: NONE, newest: undefined };
    this.#workloads.set(id, count);
    return count;
  }
}

function withoutTrouble({ trouble: _trouble, ...pod }: ObservedPod): ObservedPod {
  return pod;
}

function idOf({ namespace, key }: Pick<ObservedWorkload, 'namespace' | 'key'>): string {
  return `${namespace} ${key}`;
}
