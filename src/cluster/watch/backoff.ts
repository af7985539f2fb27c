import { describeFailure, type Failure, failureError, isNotFound } from '../client/errors.ts';

/** Reason for the end of a list-and-watch cycle. `due`, the periodic list, is the only one that is not an error. */
export type Interruption =
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'due' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'silent'; readonly afterMs: number }
  | { readonly kind: 'closed-at-once' }
  | { readonly kind: 'protocol'; readonly message: string };

export interface BackoffTiming {
  /** Delay after the first failure; it doubles with each further one. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Minimum time per request of a failed cycle: 1,000 is one request per second on average. */
  readonly requestCostMs: number;
}

/** A cycle that has just ended. `failures` counts the consecutive cycles, this one included, that ended before the watch proved healthy. */
export interface Cycle {
  readonly interruption: Interruption;
  readonly failures: number;
  readonly requests: number;
  readonly elapsedMs: number;
}

/**
 * Delay before the next cycle, in ms. `random` is in [0, 1): replicas that lost the same server must not return in step. However the delays
 * grow, the cost of the requests alone keeps their average rate at one per `requestCostMs`.
 */
export function delayAfter(cycle: Cycle, timing: BackoffTiming, random: number): number {
  const { interruption, failures, requests, elapsedMs } = cycle;
  const doubled = failures === 0 ? 0 : Math.min(timing.maxDelayMs, timing.firstDelayMs * 2 ** (failures - 1));
  const cost = Math.max(0, requests * timing.requestCostMs - elapsedMs);
  const retryAfter = interruption.kind === 'failed' ? retryAfterMs(interruption.failure) : 0;
  return Math.max(doubled * (0.5 + random / 2), Math.max(cost, retryAfter) * (1 + random / 4));
}

/**
 * True if the connection was refused: the server is down or restarting. A refusal costs the server nothing, so it does not count as a failure
 * and only pays the cost of its request. The reflector notices within about a second that the server is back.
 */
export function isRefused(interruption: Interruption): boolean {
  if (interruption.kind !== 'failed') return false;
  const { failure } = interruption;
  return failure.kind === 'network' && failure.code === 'ECONNREFUSED';
}

/** True if the API server knows no such collection: the CRD is not there. */
export function isAbsent(interruption: Interruption): boolean {
  return interruption.kind === 'failed' && isNotFound(interruption.failure);
}

export function describeInterruption(interruption: Interruption): string {
  switch (interruption.kind) {
    case 'due':
      return 'the periodic list is due';
    case 'gone':
      return 'the resource version has expired (410)';
    case 'silent':
      return `the watch sent neither an event nor a bookmark for ${interruption.afterMs} ms`;
    case 'closed-at-once':
      return 'the API server closed the watch immediately';
    case 'protocol':
      return interruption.message;
    case 'failed':
      return describeFailure(interruption.failure);
  }
}

/** `what` could not be read, and why. */
export function interruptionError(what: string, interruption: Interruption): Error {
  if (interruption.kind === 'failed') return failureError(what, interruption.failure);
  return new Error(`${what}: ${describeInterruption(interruption)}`);
}

function retryAfterMs(failure: Failure): number {
  return failure.kind === 'http' ? failure.retryAfterMs : 0;
}
