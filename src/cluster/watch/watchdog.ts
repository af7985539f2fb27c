import type { Clock } from '../../lib/clock.ts';

/** Barks when nothing was heard for `silenceMs` since now, or since `heardAt()`. Returns what calls it off; then no timer is left. */
export function watchdog(clock: Clock, silenceMs: number, heardAt: () => number, bark: () => void): () => void {
  const openedAt = clock.now();
  let cancel: (() => void) | undefined;
  const look = (): void => {
    const left = Math.max(openedAt, heardAt()) + silenceMs - clock.now();
    if (left > 0) cancel = clock.after(left, look);
    else bark();
  };
  look();
  return () => {
    cancel?.();
  };
}
