import { inspect } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** Milliseconds until it is given up. */
  readonly deadline?: number;
  readonly interval?: number;
  /** An error that makes further waiting pointless, once there is one: "the process has ended". */
  readonly hopeless?: () => Error | undefined;
}

type Falsy = false | undefined | null | 0 | '';

/**
 * Asks again and again until the fact is there: until `fact` gives something truthy, which is the result. An exception counts as "not yet".
 * `what` completes the sentence "waited for …".
 */
export async function waitFor<T>(
  what: string,
  fact: () => T | Falsy | Promise<T | Falsy>,
  { deadline = 30_000, interval = 50, hopeless }: WaitOptions = {},
): Promise<T> {
  const end = Date.now() + deadline;
  for (;;) {
    const { value, seen, cause } = await look(fact);
    if (value) return value;
    const lost = hopeless?.();
    if (lost) throw new Error(`waited for ${what}, in vain: ${lost.message}`, { cause: lost });
    if (Date.now() > end) throw new Error(`waited ${deadline} ms for ${what}; ${seen}`, { cause });
    await delay(interval);
  }
}

interface Look<T> {
  readonly value?: T;
  readonly seen: string;
  readonly cause?: unknown;
}

async function look<T>(fact: () => T | Promise<T>): Promise<Look<T>> {
  try {
    const value = await fact();
    return { value, seen: `last seen: ${inspect(value)}` };
  } catch (error) {
    return { seen: `last error: ${error instanceof Error ? error.message : String(error)}`, cause: error };
  }
}

/** Waits until what is read satisfies the condition, and gives it back; the error shows what was read last. */
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
      throw new Error(`not so: ${inspect(value, { depth: 6, breakLength: 120 })}`);
    },
    options,
  );
  return found.value;
}
