import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '../lib/clock.ts';
import type { Overview } from '../page/wire.ts';
import { type Sight, visibleOverview } from '../page/visible.ts';

/** What a viewer sees, and its name. */
export interface Rendered {
  readonly etag: string;
  /** One text for all who see the same: an answer that is read slowly costs no memory of its own. */
  readonly plain: Buffer;
  /** By gzip. */
  readonly packed: Buffer;
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
  readonly #rendered = new Map<string, Promise<Rendered>>();
  #failed: { readonly error: unknown; readonly at: number } | undefined;

  constructor(read: () => Promise<Overview>, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /** In ms, until another reading is useful. */
  get restMs(): number {
    return this.#restMs;
  }

  /** Rejects as the reading does. What could not be read rests, too. */
  overview(): Promise<Overview> {
    if (this.#failed && this.#clock.now() - this.#failed.at < this.#restMs) return Promise.reject(this.#failed.error);
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
    const rendered = render(visibleOverview(overview, sight));
    const [oldest] = this.#rendered.keys();
    if (this.#rendered.size >= MAX_RENDERED && oldest !== undefined) this.#rendered.delete(oldest);
    this.#rendered.set(key, rendered);
    return rendered;
  }

  async #refresh(): Promise<Overview> {
    const began = this.#clock.now();
    try {
      const overview = await this.#read();
      this.#overview = overview;
      this.#failed = undefined;
      this.#readAt = this.#clock.now();
      this.#rendered.clear();
      return overview;
    } catch (error) {
      this.#failed = { error, at: this.#clock.now() };
      throw error;
    } finally {
      this.#restMs = Math.max(FRESH_MS, (this.#clock.now() - began) * REST);
    }
  }
}

async function render(overview: Overview): Promise<Rendered> {
  const plain = Buffer.from(JSON.stringify(overview));
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  return { etag, plain, packed: await promisify(gzip)(plain, { level: 1 }) };
}
