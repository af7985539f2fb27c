import { labelsOf } from '../kubernetes/pod.ts';
import { sourceText } from '../reasons/message.ts';
import { resolveSetting, type SettingSources } from '../settings/resolve.ts';
import { appliedTarget } from '../settings/targets/applied.ts';
import { targetText } from '../settings/targets/target.ts';

/** A target that selects a pod. */
export interface SelectingTarget {
  /** `AgentTarget shop/java`. */
  readonly target: string;
  readonly profile: string;
  /** What decides instead; absent if the target applies. */
  readonly lostTo?: string;
}

/** The targets that select the pod, in order of precedence: one applies at most. */
export function selectingTargets(sources: SettingSources): readonly SelectingTarget[] {
  const { cluster, namespace, pod } = sources;
  const all = cluster.targets?.(namespace.name)?.all(namespace.labels, labelsOf(pod)) ?? [];
  const applied = appliedTarget(sources);
  const source = resolveSetting(sources, 'profile')?.source;
  const winner = applied ? targetText(applied) : source && sourceText(source);
  return all.map((one) => ({
    target: targetText(one),
    profile: one.settings.get('profile') ?? '',
    ...(one !== applied && winner !== undefined && { lostTo: winner }),
  }));
}
