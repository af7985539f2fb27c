import type { Clock } from '../../src/lib/clock.ts';

/** Time that stands still until it is moved. */
export class ManualClock implements Clock {
  private at = 0;
  private readonly timers = new Map<() => void, number>();
  private readonly waiting: (() => void)[] = [];

  now(): number {
    return this.at;
  }

  after(ms: number, action: () => void): () => void {
    this.timers.set(action, this.at + ms);
    for (const resolve of this.waiting.splice(0)) resolve();
    return () => {
      this.timers.delete(action);
    };
  }

  get open(): number {
    return this.timers.size;
  }

  /** Resolves once a timer is set. */
  async whenOpen(): Promise<void> {
    if (this.open === 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
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
