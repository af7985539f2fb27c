import type { Mode } from '../../diagnostics/rollout/gaps.ts';
import { type PlannedWorkload, kindOf, unfinished, whyBlocked } from '../../diagnostics/rollout/plan.ts';
import { hasEnded, type Pod } from '../../kubernetes/pod.ts';
import { podFailure } from '../../kubernetes/rollout/pod-failure.ts';
import { progressOf } from '../../kubernetes/rollout/progress.ts';
import type { Begun } from './replacer.ts';
import { type Cluster, gapsOfPods, type ReadTarget, type Target } from './target.ts';

export type Checked =
  /** `outdated`: the pods that are not what would be created now. */
  | { readonly kind: 'fit'; readonly target: Target; readonly outdated: readonly Pod[] }
  | Exclude<Begun, { kind: 'begun' }>;

/**
 * Whether a workload can be begun with: it may have changed since it was planned. One whose pods fail already, or whose rollout is not complete,
 * is left to its owner, so that the run neither makes it worse nor takes the blame for it.
 */
export async function checkBefore(
  cluster: Cluster,
  workload: PlannedWorkload,
  read: ReadTarget,
  mode: Mode,
): Promise<Checked> {
  if (read.kind === 'absent') return { kind: 'skipped', why: 'it is gone' };
  if (read.kind === 'unread') return { kind: 'failed', why: read.why };
  const { target } = read;
  const kind = kindOf(workload.workload);
  const blocked = whyBlocked(kind, target.object, mode);
  if (blocked !== undefined) return { kind: 'skipped', why: blocked };
  const found = await gapsOfPods(cluster, workload.namespace, target.pods);
  if (found.kind === 'unread') return { kind: 'failed', why: found.why };
  if (found.gaps.size === 0) return { kind: 'current' };
  const progress = progressOf(kind, target.object);
  if (progress.kind !== 'complete') return { kind: 'skipped', why: unfinished(progress) };
  const failing = target.pods.find((pod) => !hasEnded(pod) && podFailure(pod) !== undefined);
  if (failing) return { kind: 'skipped', why: `its pods fail already: ${failureText(failing)}` };
  return { kind: 'fit', target, outdated: [...found.gaps.keys()] };
}

function failureText(pod: Pod): string {
  return `pod ${pod.metadata?.name ?? ''}: ${podFailure(pod) ?? ''}`;
}
