/** Time as an argument. `now` is monotonic, in ms, and means nothing but by difference: a wall clock may jump. */
export interface Clock {
  now(): number;
  /** Runs the action once, `ms` from now, unless the returned function is called before. */
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

/** Resolves after so many ms, or as soon as the signal is given. Leaves no timer and no listener. */
export async function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', onStop);
      resolve();
    });
    const onStop = (): void => {
      cancel();
      resolve();
    };
    signal.addEventListener('abort', onStop, { once: true });
  });
}
