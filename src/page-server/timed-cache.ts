import type { Clock } from '../lib/clock.ts';

interface Limits {
  readonly clock: Clock;
  /** For how long a value counts. */
  readonly keptMs: number;
  readonly maxEntries: number;
  /** Values that are being read at a time. */
  readonly maxPending: number;
}

/** Values that are read once for all who ask at the same time, and are kept for a while. */
export class TimedCache<Value> {
  readonly #limits: Limits;
  readonly #known = new Map<string, { readonly value: Value; readonly at: number }>();
  readonly #pending = new Map<string, Promise<Value>>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Also of a value that counts no more. */
  has(key: string): boolean {
    return this.#known.has(key);
  }

  /** What is known, if it still counts. */
  fresh(key: string): Value | undefined {
    const known = this.#known.get(key);
    return known && this.#limits.clock.now() - known.at < this.#limits.keptMs ? known.value : undefined;
  }

  /** Undefined if too many are being read. Rejects as the reading does; a failure is not kept. */
  async get(key: string, read: () => Promise<Value>): Promise<Value | undefined> {
    const { clock, keptMs, maxPending } = this.#limits;
    const known = this.#known.get(key);
    if (known && clock.now() - known.at < keptMs) return known.value;
    const pending = this.#pending.get(key);
    if (pending) return pending;
    if (this.#pending.size >= maxPending) return undefined;
    const reading = read();
    this.#pending.set(key, reading);
    try {
      const value = await reading;
      this.keep(key, value);
      return value;
    } finally {
      this.#pending.delete(key);
    }
  }

  keep(key: string, value: Value): void {
    const { clock, keptMs, maxEntries } = this.#limits;
    const now = clock.now();
    this.#known.delete(key);
    for (const [other, { at }] of this.#known) {
      if (this.#known.size < maxEntries && now - at < keptMs) break;
      this.#known.delete(other);
    }
    this.#known.set(key, { value, at: now });
  }
}
