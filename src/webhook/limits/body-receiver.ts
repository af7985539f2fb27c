import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../lib/clock.ts';
import { BODY_LIMIT, SMALL_BODY } from '../body.ts';
import { RequestError } from '../request-error.ts';
import { GrowingBuffer } from './growing-buffer.ts';
import { MemoryBudget, type MemoryUse } from './memory-budget.ts';

/**
 * Limit of all unfinished bodies. With the connections and the heap of a busy server, it stays below the chart's 256 MiB. The API servers of a
 * cluster have some hundred reviews of 20 KB in flight, few of them unfinished.
 */
export const BODIES_LIMIT = 32 * 1024 * 1024;

/** The part of it that bodies above SMALL_BODY can have, so that they cannot keep small ones out. */
export const LARGE_BODIES_LIMIT = 16 * 1024 * 1024;

interface Reception extends MemoryUse {
  readonly end: (error: RequestError) => void;
}

/** Receives bodies. When all together are too large, those that make no progress are turned away first. */
export class BodyReceiver {
  readonly #all = new MemoryBudget<Reception>(BODIES_LIMIT);
  readonly #large = new MemoryBudget<Reception>(LARGE_BODIES_LIMIT);
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `done` exactly once, with the complete body or an error. */
  receive(request: IncomingMessage, done: (error: RequestError | null, body?: Buffer) => void): void {
    const length = request.headers['content-length'];
    const announced = length === undefined ? undefined : Number(length);
    if (announced !== undefined && announced > BODY_LIMIT) return done(tooLarge());
    const bytes = new GrowingBuffer(announced ?? BODY_LIMIT);
    const finish = (error?: RequestError): void => {
      this.#release(reception);
      request.off('data', onData).off('end', onEnd).off('error', onError);
      if (error) done(error);
      else done(null, bytes.content());
    };
    const reception: Reception = { address: request.socket.remoteAddress ?? '', end: finish };
    const onData = (chunk: Buffer): void => {
      if (bytes.length + chunk.length > BODY_LIMIT) {
        finish(tooLarge());
        return;
      }
      bytes.append(chunk);
      // The end follows before anything else is read.
      if (bytes.length === announced) this.#release(reception);
      else this.#hold(reception, bytes);
    };
    const onEnd = (): void => finish();
    const onError = ({ message }: Error): void =>
      finish(new RequestError(400, `the request cannot be read: ${message}`));
    request.on('data', onData).on('end', onEnd).on('error', onError);
  }

  #hold(reception: Reception, { length, capacity }: GrowingBuffer): void {
    const now = this.#clock.now();
    this.#all.update(reception, capacity, length, now);
    if (length > SMALL_BODY) this.#large.update(reception, capacity, length, now);
    for (let one = this.#large.excess(now); one; one = this.#large.excess(now))
      one.end(new RequestError(413, 'too many large bodies at the same time'));
    for (let one = this.#all.excess(now); one; one = this.#all.excess(now))
      one.end(new RequestError(503, 'too many bodies at the same time'));
  }

  #release(reception: Reception): void {
    this.#all.remove(reception);
    this.#large.remove(reception);
  }
}

function tooLarge(): RequestError {
  return new RequestError(413, `the body is larger than ${BODY_LIMIT} bytes`);
}
