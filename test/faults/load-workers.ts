import { setTimeout as delay } from 'node:timers/promises';
import type { Injector } from '../support/injector.ts';
import { domainNow } from './shop.ts';

/** Results of the reviews of a caller. */
export interface LoadResult {
  readonly reviews: number;
  /** A missing answer counts with the timeout. */
  readonly longestMs: number;
  /** One text for each wrong or missing answer. */
  readonly wrong: readonly string[];
}

const TIMEOUT_MS = 10_000;

/** Sends reviews of pods of the shop from several workers, until `end` is called. */
export function startLoad(
  injector: Injector,
  { workers = 4, pauseMs = 10, domain = '1000' } = {},
): { readonly soFar: () => LoadResult; readonly end: () => Promise<LoadResult> } {
  let reviews = 0;
  let longestMs = 0;
  const ending = new AbortController();
  const wrong: string[] = [];
  const reviewOnce = async (): Promise<void> => {
    const started = performance.now();
    const answer = await Promise.race([
      domainNow(injector).catch(String),
      delay(TIMEOUT_MS, 'no answer', { ref: false }),
    ]);
    longestMs = Math.max(longestMs, performance.now() - started);
    reviews += 1;
    if (answer !== domain) wrong.push(`${answer}`);
  };
  const ended = Promise.all(
    Array.from({ length: workers }, async () => {
      while (!ending.signal.aborted) {
        await reviewOnce();
        await delay(pauseMs);
      }
    }),
  );
  const soFar = (): LoadResult => ({ reviews, longestMs: Math.round(longestMs), wrong });
  return {
    soFar,
    end: async () => {
      ending.abort();
      await ended;
      return soFar();
    },
  };
}
