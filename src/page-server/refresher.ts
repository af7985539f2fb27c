import { createHash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { Overview } from '../page/wire.ts';
import { type Sight, visibleOverview } from '../page/visible.ts';

/** What a viewer sees, and its name. */
export interface Rendered {
  readonly etag: string;
  readonly json: string;
}

/** A reading is not older than this when it is asked for. */
const FRESH_MS = 3000;

/** Renderings for viewers of different namespaces. The one of all namespaces of a large cluster has some megabytes. */
const MAX_RENDERED = 32;

/** Between two readings, times the length of the last one: a large cluster is asked for less. */
const REST = 4;

/** Reads the overview for all viewers at once: while one waits, the others wait for the same reading. */
export class Refresher {
  readonly #read: () => Promise<Overview>;
  readonly #clock: Clock;
  #overview: Overview | undefined;
  #readAt = -Infinity;
  #restMs = FRESH_MS;
  #reading: Promise<Overview> | undefined;
  readonly #rendered = new Map<string, Rendered>();

  constructor(read: () => Promise<Overview>, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /** In ms, until another reading is useful. */
  get restMs(): number {
    return this.#restMs;
  }

  /** Rejects as the reading does. */
  overview(): Promise<Overview> {
    if (this.#overview && this.#clock.now() - this.#readAt < this.#restMs) return Promise.resolve(this.#overview);
    this.#reading ??= this.#refresh().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async renderedFor(sight: Sight): Promise<Rendered> {
    const overview = await this.overview();
    const key = sight.isOfAll ? '*' : [...sight.namespaces].toSorted().join(' ');
    const known = this.#rendered.get(key);
    if (known) return known;
    const json = JSON.stringify(visibleOverview(overview, sight));
    const rendered = { json, etag: `"${createHash('sha256').update(json).digest('base64url').slice(0, 22)}"` };
    const [oldest] = this.#rendered.keys();
    if (this.#rendered.size >= MAX_RENDERED && oldest !== undefined) this.#rendered.delete(oldest);
    this.#rendered.set(key, rendered);
    return rendered;
  }

  async #refresh(): Promise<Overview> {
    const began = this.#clock.now();
    const overview = await this.#read();
    this.#readAt = this.#clock.now();
    this.#restMs = Math.max(FRESH_MS, (this.#readAt - began) * REST);
    this.#overview = overview;
    this.#rendered.clear();
    return overview;
  }
}
