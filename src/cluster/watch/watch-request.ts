import type { Clock } from '../../lib/clock.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { KubeClient } from '../client/types.ts';
import type { Interruption } from './backoff.ts';

export interface WatchRequest {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly path: string;
  readonly accept: string;
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  readonly onLine: (line: JsonObject) => Interruption | undefined;
}

/** Runs one watch. Returns what interrupted it, or undefined if the server ended it in an orderly way. */
export async function runWatch(request: WatchRequest): Promise<Interruption | undefined> {
  const { client, clock, path, accept, silenceMs, signal, onLine } = request;
  const ending = new AbortController();
  let interruption: Interruption | undefined;
  const interrupt = (by: Interruption): void => {
    interruption ??= by;
    ending.abort();
  };
  const onAbort = (): void => interrupt({ kind: 'failed', failure: { kind: 'aborted' } });
  // The caller may be stopped between its last request and this one.
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  let lastLineAt = clock.now();
  let cancelTimer: (() => void) | undefined;
  const checkSilence = (): void => {
    const leftMs = lastLineAt + silenceMs - clock.now();
    if (leftMs > 0) cancelTimer = clock.after(leftMs, checkSilence);
    else interrupt({ kind: 'silent', afterMs: silenceMs });
  };
  checkSilence();
  const end = await client.watchLines(path, {
    signal: ending.signal,
    accept,
    onLine: (line) => {
      lastLineAt = clock.now();
      const by = onLine(line);
      if (by !== undefined) interrupt(by);
    },
  });
  cancelTimer?.();
  signal.removeEventListener('abort', onAbort);
  if (interruption !== undefined) return interruption;
  if (end.kind === 'http' && end.status === 410) return { kind: 'gone' };
  return end.kind === 'ended' ? undefined : { kind: 'failed', failure: end };
}
