import { INJECTED_LABEL } from '../api/keys.ts';
import { isInjected, readStatus } from '../api/status-annotation.ts';
import { workloadKeyOf } from '../kubernetes/owner.ts';
import { labelsOf, type Pod } from '../kubernetes/pod.ts';
import { type ObservedPod, observePod, type ObservedWorkload, type TimeOf } from './observed-pod.ts';

/** What the other pods of a workload, and those of the nodes on which it fails, say for and against the agent. */
export interface Comparison {
  readonly at: number;
  /** Pods of the workload without the agent, those of them that have run for a while, and those that fail. */
  readonly without: number;
  readonly withoutRunning: number;
  readonly withoutFailing: number;
  /** Pods of the workload with the same version of the agent that run. */
  readonly sameRunning: number;
  /** The nodes of all pods of the workload that run with the agent. */
  readonly runningOn: ReadonlySet<string>;
  /** Nodes on which pods without any agent fail. */
  readonly sickNodes: ReadonlySet<string>;
}

/** How long a pod must have run to count as one that runs. */
const RUNS_MS = 30_000;

/** Pods without an agent of so many workloads fail on a sick node. */
const SICK_WORKLOADS = 2;

export interface Compared {
  readonly workload: ObservedWorkload;
  readonly profiles: Readonly<Record<string, string>>;
  readonly now: number;
  readonly timeOf: TimeOf;
}

/** Takes one pod at a time, and keeps only counts. */
export class Comparing {
  readonly #compared: Compared;
  readonly #runningOn = new Set<string>();
  readonly #failing = new Map<string, Set<string>>();
  #without = 0;
  #withoutRunning = 0;
  #withoutFailing = 0;
  #sameRunning = 0;

  constructor(compared: Compared) {
    this.#compared = compared;
  }

  /** A pod of the namespace of the workload. */
  addNeighbour(pod: Pod): void {
    const { workload, timeOf, now } = this.#compared;
    if (workloadKeyOf(pod) !== workload.key) return;
    const observed = observePod(pod, timeOf);
    if (observed.state === 'ended') return;
    const runs = observed.state === 'running' && now - observed.createdAt >= RUNS_MS && !fails(observed);
    if (labelsOf(pod)[INJECTED_LABEL] === undefined) {
      this.#without += 1;
      if (runs) this.#withoutRunning += 1;
      if (fails(observed)) this.#withoutFailing += 1;
      return;
    }
    if (!runs) return;
    if (this.#hasSame(pod)) this.#sameRunning += 1;
    if (typeof pod.spec['nodeName'] === 'string') this.#runningOn.add(pod.spec['nodeName']);
  }

  /** True for a pod with the version of an agent that fails elsewhere. */
  #hasSame(pod: Pod): boolean {
    const { profiles } = this.#compared;
    return (readStatus(pod)?.containers ?? []).some((one) => isInjected(one) && profiles[one.profile] === one.hash);
  }

  /** A pod of one of the nodes on which the workload fails. */
  addOnNode(pod: Pod): void {
    if (labelsOf(pod)[INJECTED_LABEL] !== undefined) return;
    const observed = observePod(pod, this.#compared.timeOf);
    const { trouble, workload } = observed;
    if (!trouble || !fails(observed)) return;
    const failing = this.#failing.get(trouble.node) ?? new Set<string>();
    failing.add(`${workload.namespace} ${workload.shown}`);
    this.#failing.set(trouble.node, failing);
  }

  result(): Comparison {
    const sick = [...this.#failing].filter(([, workloads]) => workloads.size >= SICK_WORKLOADS).map(([node]) => node);
    return {
      at: this.#compared.now,
      without: this.#without,
      withoutRunning: this.#withoutRunning,
      withoutFailing: this.#withoutFailing,
      sameRunning: this.#sameRunning,
      runningOn: this.#runningOn,
      sickNodes: new Set(sick),
    };
  }
}

/** It fails now, or has failed more than once. */
function fails({ state, trouble }: ObservedPod): boolean {
  return trouble !== undefined && state !== 'ended' && (trouble.runsSince === undefined || trouble.failures > 1);
}
