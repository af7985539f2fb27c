/** Tells a person at a terminal how far a long command has come; silent elsewhere. */
export interface Counter {
  readonly add: (count: number) => void;
  /** Removes the line again. */
  readonly end: () => void;
}

interface Sink {
  readonly isTTY?: boolean;
  readonly write: (text: string) => unknown;
}

const INTERVAL_MS = 200;

const CLEAR_LINE = '\r\u001b[K';

/** `what`: the plural of what is counted. */
export function startCounter(
  what: string,
  sink: Sink = process.stderr,
  now: () => number = () => performance.now(),
): Counter {
  if (sink.isTTY !== true) return { add: () => {}, end: () => {} };
  let total = 0;
  let shownAt = now();
  let isShown = false;
  return {
    add: (count) => {
      total += count;
      if (now() - shownAt < INTERVAL_MS) return;
      shownAt = now();
      isShown = true;
      sink.write(`${CLEAR_LINE}${total} ${what}`);
    },
    end: () => {
      if (isShown) sink.write(CLEAR_LINE);
    },
  };
}
