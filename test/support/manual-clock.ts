import type { Clock } from '../../src/lib/clock.ts';

/** Time that stands still until it is moved. */
export class ManualClock implements Clock {
  private at = 0;
  private readonly timers = new Map<() => void, number>();

  now(): number {
    return this.at;
  }

  after(ms: number, action: () => void): () => void {
    this.timers.set(action, this.at + ms);
    return () => {
      this.timers.delete(action);
    };
  }

  get open(): number {
    return this.timers.size;
  }

  /** Moves on, and runs what is due. */
  advance(ms: number): void {
    this.at += ms;
    for (const [action, due] of this.timers) {
      if (due > this.at) continue;
      this.timers.delete(action);
      action();
    }
  }
}
