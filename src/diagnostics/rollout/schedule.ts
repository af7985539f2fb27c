import type { Progress } from '../../kubernetes/rollout/progress.ts';

export interface Limits {
  readonly atATime: number;
  /** Of one namespace at a time. */
  readonly perNamespace: number;
  /** Between the end of a workload and the start of the next. */
  readonly pauseMs: number;
}

export interface Waiting {
  /** `NAMESPACE/KIND/NAME`. */
  readonly id: string;
  readonly namespace: string;
}

export interface Running extends Waiting {
  readonly progress: Progress;
  /** An earlier run has begun with it. */
  readonly isEarlier: boolean;
}

/** All that the next step depends on. Everything but the pause is read from the cluster, so a run can end and begin again at any time. */
export interface RunState {
  /** In the order in which they are started. */
  readonly waiting: readonly Waiting[];
  readonly running: readonly Running[];
  /** Since a workload was complete; undefined if none was yet. */
  readonly sinceCompleteMs: number | undefined;
  /** False outside the time window. */
  readonly isOpen: boolean;
}

export type Step =
  | { readonly kind: 'stop'; readonly id: string; readonly why: string }
  | { readonly kind: 'start'; readonly ids: readonly string[] }
  | { readonly kind: 'wait'; readonly for: 'pods' | 'pause' | 'window' }
  | { readonly kind: 'end' };

/**
 * What to do now. A workload that is complete no longer counts as running. Before anything else is begun with, what an earlier run has begun must be
 * complete: that run may have stopped because of it.
 */
export function nextStep({ waiting, running, sinceCompleteMs, isOpen }: RunState, limits: Limits): Step {
  for (const { id, progress } of running)
    if (progress.kind === 'failed') return { kind: 'stop', id, why: progress.why };
  const busy = running.filter(({ progress }) => progress.kind === 'progressing');
  if (waiting.length === 0) return busy.length === 0 ? { kind: 'end' } : { kind: 'wait', for: 'pods' };
  const ids = busy.some(({ isEarlier }) => isEarlier) ? [] : fitting(waiting, busy, limits);
  if (ids.length === 0) return { kind: 'wait', for: 'pods' };
  if (!isOpen) return { kind: 'wait', for: 'window' };
  if (sinceCompleteMs !== undefined && sinceCompleteMs < limits.pauseMs) return { kind: 'wait', for: 'pause' };
  return { kind: 'start', ids };
}

function fitting(
  waiting: readonly Waiting[],
  busy: readonly Waiting[],
  { atATime, perNamespace }: Limits,
): readonly string[] {
  const inNamespace = new Map<string, number>();
  const take = (namespace: string): number => {
    const count = (inNamespace.get(namespace) ?? 0) + 1;
    inNamespace.set(namespace, count);
    return count;
  };
  for (const { namespace } of busy) take(namespace);
  const ids: string[] = [];
  for (const { id, namespace } of waiting) {
    if (busy.length + ids.length >= atATime) break;
    if ((inNamespace.get(namespace) ?? 0) >= perNamespace) continue;
    take(namespace);
    ids.push(id);
  }
  return ids;
}
