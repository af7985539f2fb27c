import type { Clock } from '../../src/lib/clock.ts';

/** A clock that a test moves. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Map<() => void, number>();
  readonly #waiting: (() => void)[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): () => void {
    this.#timers.set(action, this.#now + ms);
    for (const resolve of this.#waiting.splice(0)) resolve();
    return () => {
      this.#timers.delete(action);
    };
  }

  /** Number of pending timers. */
  get open(): number {
    return this.#timers.size;
  }

  /** Resolves once a timer is pending. */
  async whenOpen(): Promise<void> {
    if (this.open === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Throws if a timer is pending. */
  expectNoTimers(): void {
    if (this.open > 0) throw new Error(`${this.open} timers are left`);
  }

  /** Moves the time and runs the timers that are due. */
  advance(ms: number): void {
    this.#now += ms;
    for (const [action, due] of this.#timers) {
      if (due > this.#now) continue;
      this.#timers.delete(action);
      action();
    }
  }

  /** Moves the time to the first pending timer. */
  advanceToNext(): void {
    this.advance(Math.max(0, Math.min(...this.#timers.values()) - this.#now));
  }
}
