import type { Progress } from '../../kubernetes/rollout/progress.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Pace } from './options.ts';

/** How long a workload may stay as it is: pods that start may still crash, and a rollout must go on. */
export class Patience {
  readonly #pace: Pick<Pace, 'settleMs' | 'timeoutMs'>;
  readonly #clock: Clock;
  /** Since when all pods are available. */
  readonly #steady = new Map<string, number>();
  /** What was last seen of the progress, and since when. */
  readonly #seen = new Map<string, { readonly what: string; readonly since: number }>();

  constructor(pace: Pick<Pace, 'settleMs' | 'timeoutMs'>, clock: Clock) {
    this.#pace = pace;
    this.#clock = clock;
  }

  /** A complete workload counts as complete once all its pods have been available for a while: some crash soon after their start. */
  settle(id: string, progress: Progress, isAvailable: boolean): Progress {
    if (progress.kind === 'complete' && isAvailable) {
      const since = this.#steady.get(id) ?? this.#clock.now();
      this.#steady.set(id, since);
      const isSettled = this.#clock.now() - since >= this.#pace.settleMs;
      return isSettled ? progress : { kind: 'progressing', what: 'its pods have just started' };
    }
    this.unsettle(id);
    const what = 'not all of its pods are available';
    return this.limit(id, progress.kind === 'complete' ? { kind: 'progressing', what } : progress);
  }

  /** A pod was replaced just now. */
  unsettle(id: string): void {
    this.#steady.delete(id);
  }

  /** A workload without progress for longer than the timeout has failed. */
  limit(id: string, progress: Progress): Progress {
    if (progress.kind !== 'progressing') return progress;
    const { what } = progress;
    const now = this.#clock.now();
    const before = this.#seen.get(id);
    const seen = before?.what === what ? before : { what, since: now };
    this.#seen.set(id, seen);
    const { timeoutMs } = this.#pace;
    if (now - seen.since < timeoutMs) return progress;
    return { kind: 'failed', why: `no progress within ${timeoutMs / 1000} s: ${what}` };
  }
}
