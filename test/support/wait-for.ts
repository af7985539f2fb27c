import { inspect } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** Timeout in ms. */
  readonly deadline?: number;
  readonly interval?: number;
  /** Returns an error that makes further waiting useless, such as the end of a process. */
  readonly hopeless?: () => Error | undefined;
}

type Falsy = false | undefined | null | 0 | '';

/** Polls until `check` returns a truthy value, and returns it. An exception counts as "not yet". `what` completes "waited for …". */
export async function waitFor<T>(
  what: string,
  check: () => T | Falsy | Promise<T | Falsy>,
  { deadline = 30_000, interval = 50, hopeless }: WaitOptions = {},
): Promise<T> {
  const end = Date.now() + deadline;
  for (;;) {
    const { value, observed, cause } = await attempt(check);
    if (value) return value;
    const failure = hopeless?.();
    if (failure) throw new Error(`waited for ${what}, in vain: ${failure.message}`, { cause: failure });
    if (Date.now() > end) throw new Error(`waited ${deadline} ms for ${what}; ${observed}`, { cause });
    await delay(interval);
  }
}

interface Attempt<T> {
  readonly value?: T;
  readonly observed: string;
  readonly cause?: unknown;
}

async function attempt<T>(check: () => T | Promise<T>): Promise<Attempt<T>> {
  try {
    const value = await check();
    return { value, observed: `last value: ${inspect(value)}` };
  } catch (error) {
    return { observed: `last error: ${error instanceof Error ? error.message : String(error)}`, cause: error };
  }
}

/** Polls until the value satisfies the condition, and returns it. The error of a timeout shows the last value. */
export async function waitUntil<T>(
  what: string,
  read: () => T | Promise<T>,
  condition: (value: T) => boolean,
  options?: WaitOptions,
): Promise<T> {
  const found = await waitFor(
    what,
    async () => {
      const value = await read();
      if (condition(value)) return { value };
      throw new Error(`unexpected value: ${inspect(value, { depth: 6, breakLength: 120 })}`);
    },
    options,
  );
  return found.value;
}
