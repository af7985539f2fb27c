import { describeFailure, type Failure } from '../client/errors.ts';

/** Why a list-and-watch cycle ended. `due`: it is time to list again, the only one that is no trouble. */
export type Interruption =
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'due' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'silent'; readonly afterMs: number }
  | { readonly kind: 'closed-at-once' }
  | { readonly kind: 'protocol'; readonly message: string };

/** All in ms. Defaults are in reflector.ts. */
export interface BackoffTiming {
  /** The delay after the first failure; it doubles with each further one. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** What a cycle that failed pays, in time, for each request that it made: 1,000 is one request a second on average. */
  readonly requestCostMs: number;
}

/** The cycle that has just ended. `failures` counts the cycles in a row, this one included, that ended before they proved healthy. */
export interface Cycle {
  readonly interruption: Interruption;
  readonly failures: number;
  readonly requests: number;
  readonly elapsedMs: number;
}

/**
 * How long to wait before the next cycle, in ms. `random` is in [0, 1): replicas that lost the same server must not come back
 * in step. Whatever the delays grow to, the price of the requests alone keeps the average at one request per `requestCostMs`.
 */
export function delayAfter(cycle: Cycle, timing: BackoffTiming, random: number): number {
  const { interruption, failures, requests, elapsedMs } = cycle;
  const doubled = failures === 0 ? 0 : Math.min(timing.maxDelayMs, timing.firstDelayMs * 2 ** (failures - 1));
  const price = Math.max(0, requests * timing.requestCostMs - elapsedMs);
  const asked = interruption.kind === 'failed' ? retryAfterMs(interruption.failure) : 0;
  return Math.max(doubled * (0.5 + random / 2), Math.max(price, asked) * (1 + random / 4));
}

/**
 * Nobody listens: the server is down or restarting. A refusal costs it nothing, so it does not count as a failure here: it pays
 * the price of its request and no more, which is how a server that is back is noticed within about a second.
 */
export function isRefused(interruption: Interruption): boolean {
  if (interruption.kind !== 'failed') return false;
  const { failure } = interruption;
  return failure.kind === 'network' && failure.code === 'ECONNREFUSED';
}

/** One sentence fragment, for a log line. */
export function describeInterruption(interruption: Interruption): string {
  switch (interruption.kind) {
    case 'due':
      return 'it is time to list again';
    case 'gone':
      return 'the resource version is too old to watch from (410)';
    case 'silent':
      return `the watch gave no event and no bookmark for ${interruption.afterMs} ms`;
    case 'closed-at-once':
      return 'the API server closed the watch at once';
    case 'protocol':
      return interruption.message;
    case 'failed':
      return describeFailure(interruption.failure);
  }
}

function retryAfterMs(failure: Failure): number {
  return failure.kind === 'http' ? failure.retryAfterMs : 0;
}
