import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { type Clock, systemClock } from '../lib/clock.ts';

export interface Sink {
  /** Writes without blocking, and calls back when done. Must not throw. */
  readonly write: (text: string, done: (error?: Error | null) => void) => void;
  /** Writes at once, or throws. */
  readonly writeSync: (text: string) => void;
}

/** Bound of lines that wait to be written, in characters: some thousand decisions. */
const MAX_QUEUED = 1024 * 1024;

const RETRY_MS = 1000;

/**
 * Destination for pino that never blocks. The lines of one turn of the event loop are written in one call. While standard output is blocked or
 * closed, lines are dropped and counted, and afterwards one line reports how many.
 *
 * Not sonic-boom: its asynchronous write to a full pipe holds a thread of libuv's pool, so that the process cannot exit; its `flushSync` writes
 * into the middle of a line that is half written; and after EPIPE it holds lines back instead of counting them as dropped.
 */
export class LogOutput {
  readonly #sink: Sink;
  readonly #clock: Pick<Clock, 'now'>;
  #queue: string[] = [];
  #queued = 0;
  #dropped = 0;
  #reported = 0;
  #retryAt = 0;
  #state: 'idle' | 'scheduled' | 'writing' = 'idle';

  constructor(sink: Sink, clock: Pick<Clock, 'now'> = systemClock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    if (this.#queued + line.length > MAX_QUEUED || this.#clock.now() < this.#retryAt) {
      this.#dropped += 1;
      return;
    }
    this.#queue.push(line);
    this.#queued += line.length;
    if (this.#state === 'idle') this.#schedule();
  }

  /** Writes the waiting lines at the end of the process. Lines that cannot be written at once are dropped. */
  flushSync(): void {
    // Nothing may be written into the middle of a text that is half written.
    if (this.#state === 'writing' || this.#queue.length === 0) return;
    const { text, lines } = this.#drain();
    try {
      this.#sink.writeSync(text);
    } catch {
      this.#dropped += lines;
    }
  }

  #schedule(): void {
    this.#state = 'scheduled';
    setImmediate(() => {
      this.#flush();
    });
  }

  #flush(): void {
    this.#state = 'idle';
    if (this.#queue.length === 0) return;
    const { text, lines, lost } = this.#drain();
    this.#state = 'writing';
    this.#sink.write(text, (error) => {
      this.#state = 'idle';
      if (error) {
        this.#dropped += lines;
        this.#retryAt = this.#clock.now() + RETRY_MS;
      } else this.#reported += lost;
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  #drain(): { readonly text: string; readonly lines: number; readonly lost: number } {
    const lines = this.#queue;
    const lost = this.#dropped - this.#reported;
    this.#queue = [];
    this.#queued = 0;
    return { text: (lost > 0 ? lossLine(lost) : '') + lines.join(''), lines: lines.length, lost };
  }
}

/** Standard output. A pipe is written to asynchronously; files and terminals accept everything at once. */
export function stdoutSink(): Sink {
  const { stdout } = process;
  // Each write reports its own error; without a listener, an error event would end the process.
  stdout.on('error', () => {});
  if (stdout instanceof Socket) return { write: (text, done) => void stdout.write(text, done), writeSync: writeNow };
  return {
    write: (text, done) => {
      try {
        writeNow(text);
        done();
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
    writeSync: writeNow,
  };
}

function writeNow(text: string): void {
  writeSync(1, text);
}

function lossLine(lines: number): string {
  const msg = 'log lines were dropped: standard output was blocked or closed';
  return `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), lines, msg })}\n`;
}
