import { setTimeout as delay } from 'node:timers/promises';
import type { Injector } from '../support/injector.ts';
import { domainNow } from './shop.ts';

/** What a caller saw who asked about pods of the shop all the while. */
export interface Asked {
  readonly reviews: number;
  /** The longest that an answer took, in ms; one that did not come counts as long as was waited for it. */
  readonly longestMs: number;
  /** What was answered wrong, or not: a sentence each. */
  readonly wrong: readonly string[];
}

const PATIENCE_MS = 10_000;

/** Asks about a pod, so many at a time with a pause between, until it is told to end. */
export function startAsking(
  injector: Injector,
  { workers = 4, pauseMs = 10, domain = '1000' } = {},
): { readonly soFar: () => Asked; readonly end: () => Promise<Asked> } {
  let reviews = 0;
  let longestMs = 0;
  const ending = new AbortController();
  const wrong: string[] = [];
  const askOnce = async (): Promise<void> => {
    const started = performance.now();
    const answer = await Promise.race([
      domainNow(injector).catch(String),
      delay(PATIENCE_MS, 'no answer', { ref: false }),
    ]);
    longestMs = Math.max(longestMs, performance.now() - started);
    reviews += 1;
    if (answer !== domain) wrong.push(`${answer}`);
  };
  const ended = Promise.all(
    Array.from({ length: workers }, async () => {
      while (!ending.signal.aborted) {
        await askOnce();
        await delay(pauseMs);
      }
    }),
  );
  const soFar = (): Asked => ({ reviews, longestMs: Math.round(longestMs), wrong });
  return {
    soFar,
    end: async () => {
      ending.abort();
      await ended;
      return soFar();
    },
  };
}
