import { isCurrent } from '../admission/status-evidence.ts';
import { hasEnded, type Pod } from '../kubernetes/pod.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { checkRecord } from './audit-pod.ts';

/** How many pods of a workload carry an agent, by their record, which the pod bears out. */
export interface Presence {
  readonly total: number;
  readonly injected: number;
  /** Of the injected ones, those with another version of a profile than the current one. */
  readonly outdated: number;
}

/** Counts the pods that have not ended. */
export function presenceOf(pods: readonly Pod[], catalogue: Catalogue): Presence {
  const running = pods.filter((pod) => !hasEnded(pod));
  const carried = running.map((pod) => checkRecord({ pod, catalogue }).injected).filter(({ length }) => length > 0);
  const isOutdated = carried.map((all) =>
    all.some((one) => catalogue.profiles.has(one.profile) && !isCurrent(one, catalogue)),
  );
  return { total: running.length, injected: carried.length, outdated: isOutdated.filter(Boolean).length };
}
