import type { Breaker } from '../api/breaker.ts';
import { type BreakerLimits, EVICTION_DELAY_MS, EVICTION_INTERVAL_MS } from './limits.ts';
import { isAbout } from './profile-breakers.ts';
import type { Sight, Step } from './steps.ts';
import { type Failing, failingOf } from './trip.ts';

/** Pods that fail are not created again by themselves: a container starts again in the same pod. */
export class Evictions {
  readonly #action: BreakerLimits['action'];
  #evictedAt = -Infinity;
  /** By the uid of a pod: when it was to be evicted. A budget may refuse it for good, and then others must have their turn. */
  #triedAt: ReadonlyMap<string, number> = new Map();

  constructor({ action }: Pick<BreakerLimits, 'action'>) {
    this.#action = action;
  }

  /** At most one pod. */
  next(sight: Sight): readonly Step[] {
    const { breakers, now } = sight;
    if (this.#action !== 'evict' || now - this.#evictedAt < EVICTION_INTERVAL_MS) return [];
    const pods = [...breakers].flatMap(([key, breaker]) =>
      this.#mayEvict(sight, key, breaker) ? evictable(sight, breaker) : [],
    );
    const triedAt = ({ trouble }: Failing): number => this.#triedAt.get(trouble.uid) ?? 0;
    const [first] = pods.toSorted((one, other) => triedAt(one) - triedAt(other));
    if (!first) return [];
    this.#evictedAt = now;
    this.#triedAt = new Map(pods.map((one) => [one.trouble.uid, one === first ? now : triedAt(one)]));
    const { namespace } = first.pod.workload;
    return [{ kind: 'evict', namespace, pod: first.key.slice(namespace.length + 1), uid: first.trouble.uid }];
  }

  #mayEvict({ comparisons, now }: Sight, key: string, { phase, workload, since, stops }: Breaker): boolean {
    if (!stops || workload === '' || now - since < EVICTION_DELAY_MS) return false;
    if (phase === 'open') return true;
    // One pod without the agent is enough to tell whether it is the cause.
    const comparison = comparisons.get(key);
    const isCurrent = comparison !== undefined && comparison.at > Math.max(since, this.#evictedAt);
    return phase === 'suspected' && isCurrent && comparison.without === 0;
  }
}

/**
 * The pods that fail with the agent that the breaker is about. One that was created with it although the breaker was open is left alone: the one in its
 * place would be no better.
 */
function evictable({ census, now }: Sight, breaker: Breaker): readonly Failing[] {
  const count = census.workload(breaker.namespace, breaker.workload);
  const failing = count ? failingOf(count, now) : [];
  return failing.filter(
    ({ pod, trouble }) => pod.createdAt <= breaker.since + EVICTION_DELAY_MS && isAbout(breaker, trouble.profiles),
  );
}
