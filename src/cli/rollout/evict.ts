import { describeFailure } from '../../cluster/client/errors.ts';
import type { ApiResponse } from '../../cluster/client/types.ts';
import { evictPod } from '../../cluster/pods/evict.ts';
import { withCrashes } from '../../diagnostics/rollout/crashes.ts';
import { kindOf, type PlannedWorkload, workloadId } from '../../diagnostics/rollout/plan.ts';
import type { Pod } from '../../kubernetes/pod.ts';
import { isAvailable, type Progress } from '../../kubernetes/rollout/progress.ts';
import type { Clock } from '../../lib/clock.ts';
import { objectIn, textIn } from '../../lib/json.ts';
import { checkBefore } from './before.ts';
import type { Pace } from './options.ts';
import { Patience } from './patience.ts';
import type { Begun, Replacer } from './replacer.ts';
import { type Cluster, gapsOfPods, readTarget, type Target } from './target.ts';

const LIMITS = { timeoutMs: 15_000, maxBytes: 1024 * 1024 };

/** Replaces pods by the Eviction API, one after the other: their controller creates them again, and the pod template stays as it is. */
export class Evictions implements Replacer {
  readonly #cluster: Cluster;
  readonly #patience: Patience;
  /** The pods that a workload had when it was begun with; all others are new. */
  readonly #before = new Map<string, ReadonlySet<string>>();

  constructor(cluster: Cluster, pace: Pace, clock: Clock) {
    this.#cluster = cluster;
    this.#patience = new Patience(pace, clock);
  }

  async begin(workload: PlannedWorkload, dryRun = false): Promise<Begun> {
    const read = await readTarget(this.#cluster, workload);
    const checked = await checkBefore(this.#cluster, workload, read, 'evict');
    if (checked.kind !== 'fit') return checked;
    this.#before.set(workloadId(workload), new Set(checked.target.pods.map(uidOf)));
    const [first] = checked.outdated;
    const answer = first && (await this.#evict(workload.namespace, first, dryRun));
    if (!answer || answer.kind === 'ok' || isRefusedForNow(answer)) return { kind: 'begun' };
    return { kind: 'failed', why: describeFailure(answer) };
  }

  async observe(workload: PlannedWorkload): Promise<Progress> {
    const id = workloadId(workload);
    const read = await readTarget(this.#cluster, workload);
    if (read.kind === 'absent') return { kind: 'complete' };
    if (read.kind === 'unread') return this.#patience.limit(id, { kind: 'progressing', what: read.why });
    const { target } = read;
    const found = await gapsOfPods(this.#cluster, workload.namespace, target.pods);
    if (found.kind === 'unread') return this.#patience.limit(id, { kind: 'progressing', what: found.why });
    const remaining = [...found.gaps.keys()];
    const newPods = this.#newPods(id, target);
    const complete = outcomeOf(newPods, remaining);
    if (complete.kind === 'failed') return complete;
    const isReady = isAvailable(kindOf(workload.workload), target.object) && !target.pods.some(isEnding);
    if (!isReady) return this.#patience.settle(id, waiting(remaining.length, 'a new pod is not available yet'), false);
    const settled = this.#patience.settle(id, complete, true);
    return settled.kind === 'complete' && remaining.length > 0 ? this.#evictNext(workload, remaining) : settled;
  }

  #newPods(id: string, { pods }: Target): readonly Pod[] {
    const before = this.#before.get(id);
    return pods.filter((pod) => before?.has(uidOf(pod)) !== true);
  }

  async #evictNext(workload: PlannedWorkload, remaining: readonly Pod[]): Promise<Progress> {
    const id = workloadId(workload);
    const [next] = remaining;
    const answer = next && (await this.#evict(workload.namespace, next, false));
    if (!answer || answer.kind === 'ok') {
      this.#patience.unsettle(id);
      return waiting(remaining.length, 'one is evicted');
    }
    if (isRefusedForNow(answer)) return this.#patience.limit(id, waiting(remaining.length, describeFailure(answer)));
    return { kind: 'failed', why: describeFailure(answer) };
  }

  #evict(namespace: string, pod: Pod, dryRun: boolean): Promise<ApiResponse> {
    const target = { namespace, name: pod.metadata?.name ?? '', uid: uidOf(pod) };
    return evictPod(this.#cluster.client, target, LIMITS, dryRun);
  }
}

/** Complete as far as the new pods can tell. */
function outcomeOf(newPods: readonly Pod[], remaining: readonly Pod[]): Progress {
  // Evicting it again would not help, and could go on without end.
  const wrong = remaining.find((pod) => newPods.includes(pod));
  if (wrong) return { kind: 'failed', why: `new pod ${wrong.metadata?.name ?? ''} is not what it should be` };
  return withCrashes({ kind: 'complete' }, newPods);
}

function uidOf(pod: Pod): string {
  return textIn(objectIn(pod, 'metadata'), 'uid');
}

function isEnding(pod: Pod): boolean {
  return pod.metadata?.['deletionTimestamp'] !== undefined;
}

/** 429: a PodDisruptionBudget. 404 and 409: the pod is gone, or another one has its name. */
function isRefusedForNow(answer: ApiResponse): boolean {
  return answer.kind === 'http' && [404, 409, 429].includes(answer.status);
}

function waiting(pods: number, why: string): Progress {
  return { kind: 'progressing', what: `pods that remain: ${pods}, ${why}` };
}
