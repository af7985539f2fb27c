import type { Finding } from '../../diagnostics/findings.ts';
import { breakerNote, breakersAbout, versionOf } from '../../diagnostics/liveness/known-breakers.ts';
import { workloadKeyOf } from '../../kubernetes/owner.ts';
import { profileFor } from '../../settings/canary.ts';
import type { SettingSources } from '../../settings/resolve.ts';
import type { KnownBreakers } from '../cluster/breakers.ts';
import type { ExplanationResult } from './result.ts';

/** Reports the circuit breakers of the workload, and of the profiles that its pods carry or would get. What the decision says already is left out. */
export function breakerFindings(
  { carries = [], decision, namespace }: ExplanationResult,
  { all, problem }: KnownBreakers,
  sources: Omit<SettingSources, 'namespace'> & { readonly namespace: SettingSources['namespace'] | undefined },
): readonly Finding[] {
  if (!all) return problem === undefined ? [] : [{ code: 'breakers-unknown', message: problem }];
  const { namespace: known, pod } = sources;
  const planned = decision.containers.flatMap(({ outcome, profile: name }) => {
    const profile =
      outcome === 'injected' && known && name !== undefined
        ? profileFor({ ...sources, namespace: known }, name)
        : undefined;
    return profile ? [versionOf(profile)] : [];
  });
  const carried = carries.map(({ profile, hash }) => `${profile}@${hash}`);
  const isSaid = decision.reason?.code === 'breaker-open';
  return breakersAbout(all, { namespace, workload: workloadKeyOf(pod), versions: new Set([...carried, ...planned]) })
    .filter(({ stops }) => !stops || !isSaid)
    .map((one) => ({ code: 'breaker', message: breakerNote(one) }));
}
