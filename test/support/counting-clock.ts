import { type Clock, systemClock } from '../../src/lib/clock.ts';

/** The real time, moved ahead at will, that knows how many timers are open. */
export class CountingClock implements Clock {
  open = 0;
  aheadMs = 0;

  now(): number {
    return systemClock.now() + this.aheadMs;
  }

  after(ms: number, action: () => void): () => void {
    this.open += 1;
    let open = true;
    const close = (): void => {
      if (open) this.open -= 1;
      open = false;
    };
    const cancel = systemClock.after(ms, () => {
      close();
      action();
    });
    return () => {
      close();
      cancel();
    };
  }
}
