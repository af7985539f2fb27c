import type { Breaker, BreakerPhase } from '../../api/breaker.ts';
import { profileHash } from '../../profiles/fingerprint.ts';
import type { Profile } from '../../profiles/profile.ts';
import { oneLine } from '../../lib/text.ts';

/** The pods of a workload, as far as circuit breakers are about them. */
export interface BreakerSubject {
  readonly namespace: string;
  /** The workload as an admission sees it; undefined for a pod without a controller. */
  readonly workload: string | undefined;
  /** `profile@hash`: the versions that pods carry, or would carry but for a breaker. */
  readonly versions: ReadonlySet<string>;
}

/** A version of a profile, as breakers are about it. */
export function versionOf(profile: Profile): string {
  return `${profile.name}@${profileHash(profile)}`;
}

/** The gravest first. A cleared breaker says that the agent is not the cause. */
const RANK: { readonly [phase in BreakerPhase]: number } = { open: 0, 'half-open': 1, suspected: 2, cleared: 3 };

/** The breakers of a workload, and those of the profiles in its pods. */
export function breakersAbout(
  all: readonly Breaker[],
  { namespace, workload, versions }: BreakerSubject,
): readonly Breaker[] {
  const isOwn = (one: Breaker): boolean =>
    workload !== undefined && one.namespace === namespace && one.workload === workload;
  const isOfVersion = (one: Breaker): boolean =>
    one.workload === '' && Object.entries(one.profiles).some(([name, hash]) => versions.has(`${name}@${hash}`));
  return all
    .filter((one) => one.phase !== 'cleared' && (isOwn(one) || isOfVersion(one)))
    .toSorted((one, other) => RANK[one.phase] - RANK[other.phase]);
}

/** What each state of a breaker says. */
export const breakerMeanings: { readonly [phase in BreakerPhase]: string } = {
  open: 'the agent makes pods fail',
  'half-open': 'one pod tries the agent again',
  suspected: 'pods fail, and the agent may be the cause',
  cleared: 'the agent is not the cause',
};

/** What a breaker says and does, and the command that shows it, for people. */
export function breakerNote({ namespace, shown, profiles, phase, why, stops }: Breaker): string {
  const names = Object.keys(profiles).join(', ');
  const [subject, scope] =
    shown === '' ? [`profile ${names}`, `--profile ${names}`] : [`${shown} (${names})`, `${shown} -n ${namespace}`];
  const effect = stops ? 'new pods get no agent' : 'it only reports';
  const about = `circuit breaker of ${subject}: ${phase}: ${breakerMeanings[phase]}: ${oneLine(why, 200)}`;
  return `${about}; ${effect}; kubectl agent-injector breaker ${scope} shows it`;
}
