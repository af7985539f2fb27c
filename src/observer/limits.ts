import type { BreakerAction } from '../api/breaker.ts';

/** When a breaker opens and closes, in ms. */
export interface BreakerLimits {
  readonly action: BreakerAction;
  /** A failure counts only so long after the start of the pod. */
  readonly windowMs: number;
  /** How long pods must fail before the breaker opens. */
  readonly graceMs: number;
  /** How long a breaker stays open the first time; it doubles each time that a pod has tried in vain. */
  readonly cooldownMs: number;
  /** How long the pod that tries must run. */
  readonly stableMs: number;
}

export const MAX_COOLDOWN_MS = 86_400_000;

/** A watch that has heard nothing for so long is deaf: what it says is not evidence. */
export const DEAF_MS = 60_000;

/** A container that has run for so long is no longer failing. */
export const RECOVERED_MS = 120_000;

export const MIN_PODS = 2;

export const MIN_SHARE = 0.5;

/** A breaker of a profile opens with those of so many workloads, in so many namespaces, or with this share of its workloads. */
export const PROFILE_WORKLOADS = 3;

export const PROFILE_NAMESPACES = 2;

export const PROFILE_SHARE = 0.2;

/** The time between two evictions, and from the opening of a breaker to the first: each replica of the webhook must know of it. */
export const EVICTION_INTERVAL_MS = 10_000;

export const EVICTION_DELAY_MS = 5_000;

/** A pod without the agent must run for as long as others must fail, and not for longer than this. */
export const MAX_RUNS_MS = 30_000;

/** A comparison is made again after this time. */
export const COMPARISON_MS = 15_000;
