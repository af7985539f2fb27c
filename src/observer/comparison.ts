import { INJECTED_LABEL } from '../api/keys.ts';
import { isInjected, readStatus } from '../api/status-annotation.ts';
import { workloadKeyOf } from '../kubernetes/owner.ts';
import { labelsOf, type Pod } from '../kubernetes/pod.ts';
import { textIn } from '../lib/json.ts';
import { type ObservedPod, observePod, type ObservedWorkload } from './observed-pod.ts';
import { hasRecovered, type TimeOf } from './trouble.ts';

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

/** On a sick node, pods without an agent of so many workloads fail, and this share of all of them: some fail everywhere. */
const SICK_WORKLOADS = 2;

const SICK_SHARE = 0.5;

export interface Compared {
  readonly workload: ObservedWorkload;
  readonly profiles: Readonly<Record<string, string>>;
  readonly now: number;
  /** How long a pod must have run to count as one that runs. */
  readonly runsMs: number;
  readonly timeOf: TimeOf;
}

/** Takes one pod at a time, and keeps only counts. */
export class Comparing {
  readonly #compared: Compared;
  readonly #runningOn = new Set<string>();
  readonly #nodes = new Map<string, { pods: number; failing: number; readonly workloads: Set<string> }>();
  #without = 0;
  #withoutRunning = 0;
  #withoutFailing = 0;
  #sameRunning = 0;

  constructor(compared: Compared) {
    this.#compared = compared;
  }

  /** A pod of the namespace of the workload. */
  addNeighbour(pod: Pod): void {
    const { workload, timeOf, now, runsMs } = this.#compared;
    if (workloadKeyOf(pod) !== workload.key) return;
    const observed = observePod(pod, timeOf);
    if (observed.state === 'ended') return;
    const isOld = now - observed.createdAt >= runsMs;
    const runs = isOld && observed.state === 'running';
    const runsAgain = isOld && hasRecovered(observed.trouble, now);
    if (labelsOf(pod)[INJECTED_LABEL] === undefined) {
      this.#without += 1;
      if (runs) this.#withoutRunning += 1;
      if (fails(observed)) this.#withoutFailing += 1;
      return;
    }
    // What does not count as failing (failingOf) counts as running: the census calls a pod that has ended once crashing for good.
    if (runs || runsAgain) this.#addRunning(pod);
  }

  #addRunning(pod: Pod): void {
    if (this.#hasSame(pod)) this.#sameRunning += 1;
    this.#runningOn.add(textIn(pod.spec, 'nodeName'));
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
    if (observed.state === 'ended') return;
    const name = textIn(pod.spec, 'nodeName');
    const node = this.#nodes.get(name) ?? { pods: 0, failing: 0, workloads: new Set<string>() };
    this.#nodes.set(name, node);
    node.pods += 1;
    if (!fails(observed)) return;
    node.failing += 1;
    node.workloads.add(`${observed.workload.namespace} ${observed.workload.shown}`);
  }

  result(): Comparison {
    const sick = [...this.#nodes]
      .filter(([, one]) => one.workloads.size >= SICK_WORKLOADS && one.failing / one.pods >= SICK_SHARE)
      .map(([node]) => node);
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
