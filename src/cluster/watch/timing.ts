import type { BackoffTiming } from './backoff.ts';

export interface ReflectorTiming extends BackoffTiming {
  /** How long one page of a list may take, in ms. */
  readonly pageTimeoutMs: number;
  /** After so many seconds the API server is asked to end the watch, to be followed by the next one from the same version. */
  readonly watchSeconds: number;
  /**
   * Must be longer than `watchSeconds`, in ms. A watch that is silent for so long, and was not ended as asked, is deaf: it is
   * cut. When watches end as asked, but nothing was heard on them for so long, everything is listed again to be sure.
   */
  readonly silenceMs: number;
  /** The longest time between two lists, in ms: what a watch that lies by omission can cost. */
  readonly relistMs: number;
}

/** What was heard last so long ago, in ms, may be so no more: a healthy watch is heard of twice a minute. */
export const STALE_MS = 120_000;

/**
 * Bookmarks are no heartbeat: an API server sends one about once a minute and one 2 s before a watch reaches its
 * `timeoutSeconds` (cacher.go), but none at all while its cache stands still (seen on 1.36, idle). That a watch ends on time is
 * one, so watches are short: the price is one request in 30 s, and a connection that went dead is cut after 40 s, which leaves
 * time to be right again within 60 s; with watches of the usual minutes, and bookmarks, it would take longer than 90 s.
 * Delays double up to 10 s: a replica that asks ten times less often than it may is no load, and recovers sooner.
 */
export const defaultTiming: ReflectorTiming = {
  pageTimeoutMs: 10_000,
  watchSeconds: 30,
  silenceMs: 40_000,
  relistMs: 600_000,
  firstDelayMs: 250,
  maxDelayMs: 10_000,
  requestCostMs: 1_000,
};
