import { workloadKeyOf } from '../kubernetes/owner.ts';
import { profileHash } from '../profiles/fingerprint.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Reason } from '../reasons/reason.ts';
import { isStrict } from './required.ts';
import type { SettingSources } from './resolve.ts';

/** Why this version of a profile is not injected: a circuit breaker is open. A later version has not been tried. */
export function openBreaker(
  sources: SettingSources,
  profile: Profile,
): Extract<Reason, { code: 'breaker-open' }> | undefined {
  const { cluster, namespace, pod } = sources;
  const breakers = cluster.breakers?.(namespace.name) ?? [];
  if (breakers.length === 0) return undefined;
  const workload = workloadKeyOf(pod);
  const { name } = profile;
  const found = breakers.find(
    (one) => (one.workload === '' || one.workload === workload) && one.profiles[name] === profileHash(profile),
  );
  if (!found) return undefined;
  return { code: 'breaker-open', profile: name, workload: found.shown, why: found.why, strict: isStrict(sources) };
}
