import { type Breaker, breakerKey } from '../api/breaker.ts';
import type { Census } from './census.ts';
import { type BreakerLimits, PROFILE_NAMESPACES, PROFILE_SHARE, PROFILE_WORKLOADS } from './limits.ts';
import type { Sight, Step } from './steps.ts';
import type { Verdict } from './trip.ts';

type About = Pick<Breaker, 'namespace' | 'workload' | 'shown' | 'profiles'>;

/** The step that opens a breaker for the first time. */
export function opened(
  about: About,
  { phase, why }: Verdict,
  { action, cooldownMs }: Pick<BreakerLimits, 'action' | 'cooldownMs'>,
  now: number,
): Step {
  const stops = action !== 'report';
  const breaker: Breaker = { ...about, phase, why, since: now, until: now + cooldownMs, cooldownMs, stops };
  return { kind: 'set', key: breakerKey(breaker), breaker };
}

/** True if the breaker is about these versions: another one has not been tried yet. */
export function isAbout({ profiles }: Breaker, versions: Readonly<Record<string, string>>): boolean {
  return Object.entries(versions).every(([profile, hash]) => profiles[profile] === hash);
}

/** A profile is the cause where it is in several workloads. Their own breakers let it be tried again, by one pod each. */
export function profileSteps({ census, breakers, now }: Sight, limits: BreakerLimits): readonly Step[] {
  const open = openByVersion(breakers);
  const steps: Step[] = [];
  for (const [id, of] of open) {
    const profiles = versionOf(id);
    const known = breakers.get(breakerKey({ namespace: '', workload: '', profiles }));
    if ((known && isAbout(known, profiles)) || !isEnough(profiles, of, census)) continue;
    const why = `the breakers of ${of.length} workloads are open for it`;
    steps.push(opened({ namespace: '', workload: '', shown: '', profiles }, { phase: 'open', why }, limits, now));
  }
  for (const [key, breaker] of breakers) {
    const { workload, until, profiles, cooldownMs } = breaker;
    if (workload !== '' || now < until) continue;
    const isStill = isEnough(profiles, open.get(idOf(profiles)) ?? [], census);
    steps.push(
      isStill
        ? { kind: 'set', key, breaker: { ...breaker, until: now + cooldownMs } }
        : { kind: 'close', key, breaker },
    );
  }
  return steps;
}

/**
 * The breakers of workloads that are open, by the version of a profile that they are about. One that is half open does not count: no pod could try
 * while the breaker of the profile is open.
 */
function openByVersion(breakers: ReadonlyMap<string, Breaker>): ReadonlyMap<string, readonly Breaker[]> {
  const open = new Map<string, Breaker[]>();
  for (const breaker of breakers.values()) {
    const { workload, phase, profiles } = breaker;
    if (workload === '' || phase !== 'open') continue;
    for (const [profile, hash] of Object.entries(profiles)) {
      const id = idOf({ [profile]: hash });
      open.set(id, [...(open.get(id) ?? []), breaker]);
    }
  }
  return open;
}

function idOf(profiles: Readonly<Record<string, string>>): string {
  return Object.entries(profiles)[0]?.join('@') ?? '';
}

function versionOf(id: string): Readonly<Record<string, string>> {
  const [profile = '', hash = ''] = id.split('@');
  return { [profile]: hash };
}

function isEnough(profiles: Readonly<Record<string, string>>, of: readonly Breaker[], census: Census): boolean {
  const [profile = ''] = Object.keys(profiles);
  if (of.length < PROFILE_WORKLOADS) return false;
  const namespaces = new Set(of.map(({ namespace }) => namespace)).size;
  return namespaces >= PROFILE_NAMESPACES || of.length / Math.max(1, census.workloadsWith(profile)) >= PROFILE_SHARE;
}
