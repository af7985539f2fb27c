import type { Clock } from './clock.ts';

const MINUTE_MS = 60_000;

const INTERVAL_MS = 10_000;

/**
 * Bounds a fight with another writer over the same value: after too many writes in a minute, one write every ten seconds, until nothing had to be
 * written for a minute.
 */
export class WriteTruce {
  readonly #clock: Clock;
  readonly #maxPerMinute: number;
  readonly #writes: number[] = [];
  #isOn = false;
  #neededAt = -Infinity;

  constructor(clock: Clock, maxPerMinute: number) {
    this.#clock = clock;
    this.#maxPerMinute = maxPerMinute;
  }

  /** Asked when there is something to write. Returns 0, or the time until it may be written, in ms. */
  delay(): number {
    const now = this.#clock.now();
    const isOn = this.isOn();
    this.#neededAt = now;
    while (this.#writes[0] !== undefined && now - this.#writes[0] > MINUTE_MS) this.#writes.shift();
    this.#isOn = isOn || this.#writes.length >= this.#maxPerMinute;
    return this.#isOn ? Math.max(0, (this.#writes.at(-1) ?? -Infinity) + INTERVAL_MS - now) : 0;
  }

  written(): void {
    this.#writes.push(this.#clock.now());
  }

  isOn(): boolean {
    return this.#isOn && this.#clock.now() - this.#neededAt <= MINUTE_MS;
  }
}
