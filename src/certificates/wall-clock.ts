import type { KubeClient } from '../cluster/client/types.ts';
import { type Clock, systemClock } from '../lib/clock.ts';

export interface WallClock {
  readonly now: () => Date;
  /** Difference between this machine's clock and `now`, in ms; positive if the machine is ahead. */
  readonly aheadMs: () => number;
  /** For timers and durations: unaffected when the time of day is set. */
  readonly monotonic: Clock;
}

/** This machine's clock, or the API server's if the two are far apart: the API server decides whether a certificate is valid. */
export function wallClockOf(client: KubeClient | undefined): WallClock {
  const server = client?.serverClock;
  return {
    now: () => server?.now() ?? new Date(),
    aheadMs: () => server?.aheadMs() ?? 0,
    monotonic: systemClock,
  };
}
