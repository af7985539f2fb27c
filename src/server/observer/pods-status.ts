import { type Breaker, isStopping } from '../../api/breaker.ts';
import { PROFILE_KIND } from '../../api/keys.ts';
import type { StoredResource } from '../../cluster/resources/status-watch.ts';
import { textIn } from '../../lib/json.ts';
import type { Census } from '../../observer/census.ts';
import { type PodCounts, PODS_OWNERSHIP, podsReport } from '../../resources/pods-report.ts';
import type { StatusSource } from '../agent-resources/status-writer.ts';

interface Sight {
  readonly census: () => Census | undefined;
  readonly breakers: () => ReadonlyMap<string, Breaker>;
}

/** What the observer knows of the pods with a profile. */
export function podsStatus({ census, breakers }: Sight): StatusSource {
  return {
    kind: PROFILE_KIND,
    ownership: PODS_OWNERSHIP,
    reports: () => {
      const [counted, open] = [census(), breakers()];
      return (resource) => {
        if (!counted) return undefined;
        const { name, generation } = resource;
        const current = currentIn(resource);
        return podsReport(generation, countsOf(counted, name, current), openBreaker(open, name, current));
      };
    },
  };
}

/** The hashes of the versions in service, as a server has written them. */
function currentIn({ status }: StoredResource): ReadonlySet<string> {
  return new Set([textIn(status, 'hash'), textIn(status, 'canaryHash')].filter((hash) => hash !== ''));
}

function countsOf(census: Census, profile: string, current: ReadonlySet<string>): PodCounts {
  const counts = { injected: 0, outdated: 0, unhealthy: 0 };
  for (const [hash, { pods, unhealthy }] of census.versionsOf(profile)) {
    counts.injected += pods;
    counts.unhealthy += unhealthy;
    // Before a server has written the version in service, none is known to be another one.
    if (current.size > 0 && !current.has(hash)) counts.outdated += pods;
  }
  return counts;
}

function openBreaker(
  breakers: ReadonlyMap<string, Breaker>,
  profile: string,
  current: ReadonlySet<string>,
): string | undefined {
  const [first] = [...breakers.values()]
    .filter(
      ({ phase, profiles }) => (phase === 'open' || phase === 'half-open') && current.has(profiles[profile] ?? ''),
    )
    .toSorted((one, other) => rank(one) - rank(other) || (one.shown < other.shown ? -1 : 1));
  if (!first) return undefined;
  const { namespace, shown, why } = first;
  const where = shown === '' ? 'in all namespaces' : `for ${namespace}/${shown}`;
  return `a circuit breaker is open ${where}: ${why}${isStopping(first) ? '; new pods there start without the agent' : ''}`;
}

/** The breaker of the profile itself says most. */
function rank({ workload }: Breaker): number {
  return workload === '' ? 0 : 1;
}
