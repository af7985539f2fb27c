import { deferred } from './deferred.ts';

export interface Clock {
  /** Monotonic, in ms: only differences have a meaning. A wall clock may jump. */
  now(): number;
  /** Runs the action once, after `ms`. The returned function cancels it. */
  after(ms: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Resolves after `ms`, or as soon as the signal is aborted. Leaves no timer and no listener behind. */
export async function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  const { promise, resolve } = deferred();
  const end = (): void => resolve();
  const cancel = clock.after(ms, end);
  signal?.addEventListener('abort', end, { once: true });
  await promise;
  cancel();
  signal?.removeEventListener('abort', end);
}
