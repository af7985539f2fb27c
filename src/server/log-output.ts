import { writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** Where lines go: pino writes to it, and never waits. */
export interface LogDestination {
  readonly write: (line: string) => void;
  /** Writes what waits, at the end of the process. What does not go out at once is lost. */
  readonly flushSync: () => void;
  /** How many lines were given up since the start: nobody read them, or not in time. */
  readonly dropped: () => number;
}

/** Takes a text, and says when it is written or why it is not. It must not throw. */
export interface Sink {
  readonly write: (text: string, done: (error?: Error | null) => void) => void;
  /** Writes at once, or throws. */
  readonly writeNow: (text: string) => void;
}

/** Lines that wait for their reader, in characters: some thousand decisions. What comes beyond it is dropped. */
const MAX_QUEUED_BYTES = 1024 * 1024;

/** A reader that is gone is tried again so much later, in ms. */
const RETRY_MS = 1000;

/**
 * Lines are collected for one turn of the event loop, and written in one call that nobody waits for: a reader that is slow or gone costs lines,
 * which are counted, and holds up no review. Afterwards one line says how many were lost.
 */
export function logDestination(sink: Sink = stdoutSink(), now: () => number = () => performance.now()): LogDestination {
  let waiting: string[] = [];
  let size = 0;
  let dropped = 0;
  let untold = 0;
  let retryAt = 0;
  let state: 'idle' | 'due' | 'busy' = 'idle';

  const drop = (lines: number): void => {
    dropped += lines;
    untold += lines;
  };
  const take = (): readonly string[] => {
    const lines = untold > 0 ? [lossLine(untold), ...waiting] : waiting;
    waiting = [];
    size = 0;
    return lines;
  };
  const flush = (): void => {
    state = 'idle';
    if (waiting.length === 0) return;
    const lines = take();
    const told = untold;
    untold = 0;
    state = 'busy';
    sink.write(lines.join(''), (error) => {
      state = 'idle';
      if (error) {
        untold += told;
        drop(lines.length - (told > 0 ? 1 : 0));
        retryAt = now() + RETRY_MS;
      }
      if (waiting.length > 0) schedule();
    });
  };
  const schedule = (): void => {
    state = 'due';
    setImmediate(flush);
  };
  return {
    write: (line) => {
      if (size + line.length > MAX_QUEUED_BYTES || now() < retryAt) {
        drop(1);
        return;
      }
      waiting.push(line);
      size += line.length;
      if (state === 'idle') schedule();
    },
    flushSync: () => {
      // A text that is half out must not be cut in two by another.
      if (state === 'busy' || waiting.length === 0) return;
      const lines = take();
      try {
        sink.writeNow(lines.join(''));
      } catch {
        drop(lines.length);
      }
    },
    dropped: () => dropped,
  };
}

/** Standard output. A pipe is written to without waiting for its reader; a file, or a terminal, takes everything at once. */
function stdoutSink(): Sink {
  const { stdout } = process;
  // Each writing hears of its own error; without this, the process would end of it.
  stdout.on('error', () => {});
  if (stdout instanceof Socket) return { write: (text, done) => void stdout.write(text, done), writeNow };
  return {
    write: (text, done) => {
      try {
        writeNow(text);
        done();
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
    writeNow,
  };
}

function writeNow(text: string): void {
  writeSync(1, text);
}

/** As pino writes it. */
function lossLine(lines: number): string {
  const time = new Date().toISOString();
  const msg = 'log lines were lost: whoever reads standard output was too slow, or gone';
  return `${JSON.stringify({ level: 'warn', time, lines, msg })}\n`;
}

/** The time of a log line as pino takes it, in UTC. A line costs less than its date would: all lines of a millisecond have the same. */
export function timestamps(now: () => number = Date.now): () => string {
  let last = Number.NaN;
  let text = '';
  return () => {
    const time = now();
    if (time === last) return text;
    last = time;
    text = `,"time":"${new Date(time).toISOString()}"`;
    return text;
  };
}
