import { hasEnded, type Pod } from '../kubernetes/pod.ts';
import { profileHash } from '../profiles/fingerprint.ts';
import { profileFor } from '../settings/canary.ts';
import type { SettingSources } from '../settings/resolve.ts';
import { checkRecord } from './audit-pod.ts';

/** How many pods of a workload carry an agent, by their record, which the pod bears out. */
export interface Presence {
  readonly total: number;
  readonly injected: number;
  /** Of the injected ones, those with another version of a profile than the one that the workload gets now. */
  readonly outdated: number;
}

/** Counts the pods that have not ended. */
export function presenceOf(pods: readonly Pod[], rest: Omit<SettingSources, 'pod'>): Presence {
  const running = pods.filter((pod) => !hasEnded(pod));
  const carried = running
    .map((pod) => ({ pod, injected: checkRecord({ pod, catalogue: rest.catalogue }).injected }))
    .filter(({ injected }) => injected.length > 0);
  const outdated = carried.filter(({ pod, injected }) =>
    injected.some(({ profile: name, hash }) => {
      const profile = profileFor({ ...rest, pod }, name);
      return profile !== undefined && profileHash(profile) !== hash;
    }),
  );
  return { total: running.length, injected: carried.length, outdated: outdated.length };
}
