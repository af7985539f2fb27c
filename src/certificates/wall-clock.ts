import type { KubeClient } from '../cluster/client/types.ts';
import { systemClock } from '../lib/clock.ts';

/** The time of day, and timers. */
export interface WallClock {
  readonly now: () => Date;
  /** Runs the action once, unless the returned function is called before. */
  readonly after: (ms: number, action: () => void) => () => void;
  /** How far the clock of this machine is ahead of it, in ms. @default not at all */
  readonly aheadMs?: () => number;
}

/** This machine's clock; that of the API server instead, where there is one and the two are far apart: it judges certificates. */
export function wallClockOf(cluster: KubeClient | undefined): WallClock {
  const time = cluster?.serverClock;
  return {
    now: () => time?.now() ?? new Date(),
    after: (ms, action) => systemClock.after(ms, action),
    aheadMs: () => time?.aheadMs() ?? 0,
  };
}
