import type { BackoffTiming } from './backoff.ts';

/** In ms, unless the name says otherwise. */
export interface ReflectorTiming extends BackoffTiming {
  readonly pageTimeoutMs: number;
  /** The API server is asked to end a watch after so many seconds; the next watch continues from the same version. */
  readonly watchSeconds: number;
  /**
   * Must be longer than `watchSeconds`. A watch that is silent for so long and did not end as requested is dead and is closed. When watches end
   * as requested but were silent for so long, everything is listed again to be sure.
   */
  readonly silenceMs: number;
  /** Longest time between two lists: the price of a watch that omits events. */
  readonly relistMs: number;
}

/** Data of an API server that was last heard from so long ago, in ms, is stale: a healthy watch is heard from twice a minute. */
export const STALE_MS = 120_000;

/**
 * Bookmarks are not a heartbeat: an API server sends one about once a minute and one 2 s before a watch reaches its `timeoutSeconds` (cacher.go),
 * but none at all while its cache does not change (seen on 1.36, idle). The end of a watch on time is a heartbeat, so watches are short. The
 * price is one request per 30 s. In return a dead connection is closed after 40 s, which leaves time to be right again within 60 s; with watches
 * of the usual minutes, and bookmarks, it would take longer than 90 s. Delays double up to 10 s: a replica that sends a tenth of the requests it
 * may send is not a load, and recovers sooner.
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
