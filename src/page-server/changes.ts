import type { ServerResponse } from 'node:http';
import type { Clock } from '../lib/clock.ts';
import type { Change } from '../page/wire.ts';
import type { Viewer } from './access.ts';
import type { Refresher } from './refresher.ts';

/** Viewers who are told of changes. */
const MAX_STREAMS = 64;

/** Of one of them. */
const MAX_STREAMS_OF_ONE = 16;

const PING_MS = 15_000;

interface Stream {
  readonly response: ServerResponse;
  readonly user: string | undefined;
  /** Who it is now; undefined if the viewer may look no more. */
  readonly again: () => Promise<Viewer | undefined>;
  etag: string;
}

/** Tells viewers of changes, and reads the cluster while there are some. */
export class Changes {
  readonly #refresher: Refresher;
  readonly #clock: Clock;
  readonly #streams = new Set<Stream>();
  #cancelRound: (() => void) | undefined;
  #cancelPing: (() => void) | undefined;

  constructor(refresher: Refresher, clock: Clock) {
    this.#refresher = refresher;
    this.#clock = clock;
  }

  isFullFor({ user }: Viewer): boolean {
    const own = [...this.#streams].filter((one) => one.user === user);
    return this.#streams.size >= MAX_STREAMS || own.length >= MAX_STREAMS_OF_ONE;
  }

  /** The headers are not sent yet. */
  add(response: ServerResponse, { user }: Viewer, again: Stream['again']): void {
    const stream: Stream = { response, user, again, etag: '' };
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
    response.write(':\n\n');
    this.#streams.add(stream);
    response.once('close', () => this.#remove(stream));
    void this.#tell(stream);
    this.#cancelRound ??= this.#after(this.#refresher.restMs, () => this.#round());
    this.#cancelPing ??= this.#clock.after(PING_MS, () => this.#ping());
  }

  close(): void {
    for (const stream of this.#streams) this.#end(stream);
  }

  #after(ms: number, action: () => Promise<void>): () => void {
    return this.#clock.after(ms, () => void action());
  }

  async #round(): Promise<void> {
    await Promise.all([...this.#streams].map((stream) => this.#tell(stream)));
    this.#cancelRound = this.#streams.size === 0 ? undefined : this.#after(this.#refresher.restMs, () => this.#round());
  }

  /** A cluster that cannot be read for now is no change: the next request of the page says what is wrong. */
  async #tell(stream: Stream): Promise<void> {
    try {
      const viewer = await stream.again();
      if (!viewer) return this.#end(stream);
      const { etag } = await this.#refresher.renderedFor(await viewer.sight());
      if (etag === stream.etag || !this.#streams.has(stream)) return;
      stream.etag = etag;
      const change: Change = { etag };
      this.#send(stream, 'overview', JSON.stringify(change));
    } catch {
      this.#send(stream, 'ping', '{}');
    }
  }

  #ping(): void {
    for (const stream of this.#streams) this.#send(stream, 'ping', '{}');
    this.#cancelPing = this.#clock.after(PING_MS, () => this.#ping());
  }

  /** Ends the stream of a viewer who does not read it. */
  #send(stream: Stream, event: string, data: string): void {
    if (stream.response.writableNeedDrain) this.#end(stream);
    else stream.response.write(`event: ${event}\ndata: ${data}\n\n`);
  }

  #end(stream: Stream): void {
    this.#remove(stream);
    stream.response.destroy();
  }

  #remove(stream: Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    this.#cancelRound?.();
    this.#cancelPing?.();
    this.#cancelRound = undefined;
    this.#cancelPing = undefined;
  }
}
