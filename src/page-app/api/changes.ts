import { delayAfter } from './backoff.ts';
import { request } from './client.ts';
import { EventStreamReader } from './event-stream.ts';

export interface ChangeListener {
  readonly onOpen: () => void;
  readonly onChange: (etag: string) => void;
  /** The stream has ended, or could not be opened. */
  readonly onAway: (status: number | undefined) => void;
}

/** A ping comes every 15 seconds: a stream that is silent for longer is dead, whatever the network says. */
const SILENCE_MS = 45_000;

/** Listens to changes until it is aborted, and connects again after each end. */
export async function listen(listener: ChangeListener, end: AbortSignal): Promise<void> {
  let failures = 0;
  while (!end.aborted) {
    // One connection after the other.
    // oxlint-disable-next-line eslint/no-await-in-loop
    const opened = await readOnce(listener, end);
    failures = opened ? 1 : failures + 1;
    // oxlint-disable-next-line eslint/no-await-in-loop
    if (!end.aborted) await pause(delayAfter(failures, Math.random()), end);
  }
}

/** Reads one stream to its end. True if it was opened. */
async function readOnce(listener: ChangeListener, end: AbortSignal): Promise<boolean> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  let isOpen = false;
  let status: number | undefined;
  try {
    const response = await request('api/changes', AbortSignal.any([end, silence.signal]));
    status = response.status;
    if (response.ok && response.body) {
      isOpen = true;
      listener.onOpen();
      const reader = new EventStreamReader();
      for await (const piece of textOf(response.body)) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        for (const { event, data } of reader.push(piece)) if (event === 'overview') listener.onChange(etagIn(data));
      }
    }
  } catch {
    // The connection has failed: onAway says so.
  } finally {
    clearTimeout(timer);
  }
  if (!end.aborted) listener.onAway(status);
  return isOpen;
}

/** By its reader: not every browser can iterate over a stream. */
async function* textOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    // oxlint-disable-next-line eslint/no-await-in-loop
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function etagIn(data: string): string {
  try {
    const { etag }: { etag?: unknown } = JSON.parse(data);
    return typeof etag === 'string' ? etag : '';
  } catch {
    return '';
  }
}

/** Ends early when the network is back, or the page is looked at again. */
function pause(ms: number, end: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      removeEventListener('online', done);
      end.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener('online', done);
    end.addEventListener('abort', done);
  });
}
