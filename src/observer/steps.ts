import type { Breaker } from '../api/breaker.ts';
import type { Census } from './census.ts';
import type { Comparison } from './comparison.ts';
import type { ObservedWorkload } from './observed-pod.ts';

/** All that a decision about breakers depends on. */
export interface Sight {
  readonly census: Census;
  readonly breakers: ReadonlyMap<string, Breaker>;
  /** By the key of the breaker of the workload. */
  readonly comparisons: ReadonlyMap<string, Comparison>;
  /** In ms since 1970. */
  readonly now: number;
  /** Since the API server was last heard from. */
  readonly ageMs: number | undefined;
}

export type Step =
  /** Other pods are to be looked at. */
  | {
      readonly kind: 'compare';
      readonly key: string;
      readonly workload: ObservedWorkload;
      readonly profiles: Readonly<Record<string, string>>;
      readonly nodes: readonly string[];
    }
  | { readonly kind: 'set'; readonly key: string; readonly breaker: Breaker }
  | { readonly kind: 'close'; readonly key: string; readonly breaker: Breaker }
  | { readonly kind: 'evict'; readonly namespace: string; readonly pod: string; readonly uid: string };
