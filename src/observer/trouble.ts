import type { JsonObject } from '../lib/json.ts';
import { RECOVERED_MS } from './limits.ts';

/** What became of a pod. `ended` pods do not count. */
export const POD_STATES = ['starting', 'running', 'crashing', 'pull-failed', 'copy-failed', 'out-of-memory'] as const;

export type PodState = (typeof POD_STATES)[number];

/**
 * `certain`: what failed is ours, or names a file of ours. `suspect`: a container failed that the agent is in. `none`: what failed is not changed
 * by us.
 */
export type Evidence = 'certain' | 'suspect' | 'none';

/** What is kept of a pod that fails. */
export interface Trouble {
  /** Of the pod: a StatefulSet gives its name to the next one. */
  readonly uid: string;
  /** How sure it is that the agent is the cause, from this pod alone. */
  readonly evidence: Evidence;
  readonly text: string;
  /** How often it has failed. */
  readonly failures: number;
  readonly failedAt: number;
  /** Since when the container that failed runs again; undefined if it does not. */
  readonly runsSince: number | undefined;
  readonly node: string;
  /** From the name of a profile to the hash of the injected version. */
  readonly profiles: Readonly<Record<string, string>>;
  /** The memory limit that the container has reached; undefined if it is something else. */
  readonly memoryLimit: string | undefined;
  /** The controller that the pod names, for Events. */
  readonly owner: JsonObject | undefined;
}

/** Reads times as Kubernetes writes them: pure code has no calendar. */
export type TimeOf = (text: string) => number;

/** True if what had failed has run for a while since. */
export function hasRecovered(trouble: Trouble | undefined, now: number): boolean {
  return trouble?.runsSince !== undefined && now - trouble.runsSince >= RECOVERED_MS;
}
