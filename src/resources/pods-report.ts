import type { Finding } from './condition.ts';
import type { Ownership, Report } from './status.ts';

/** What the observer writes of an AgentProfile. */
export const PODS_OWNERSHIP: Ownership = {
  manager: 'agent-injector-observer',
  conditions: ['InUse', 'Degraded'],
  fields: ['pods'],
};

/** The pods with an agent, as the observer counts them. */
export interface PodCounts {
  readonly injected: number;
  /** With another version than the one in service. */
  readonly outdated: number;
  readonly unhealthy: number;
}

/** Counts, and why the breaker of the version in service is open; undefined if it is not. */
export function podsReport(generation: number, counts: PodCounts, breaker: string | undefined): Report {
  const { injected, outdated, unhealthy } = counts;
  const pods = { injected: rounded(injected), outdated: rounded(outdated), unhealthy: rounded(unhealthy) };
  return { generation, findings: [use(pods.injected), health(pods.unhealthy, breaker)], fields: { pods } };
}

function use(injected: number): Finding {
  return injected > 0
    ? { reason: 'PodsInjected', message: 'pods have the agent' }
    : { reason: 'NoPods', message: 'no pod has the agent' };
}

/** Without counts in the text: each of them would be a write. */
function health(unhealthy: number, breaker: string | undefined): Finding {
  if (breaker !== undefined) return { reason: 'BreakerOpen', message: breaker };
  return unhealthy > 0
    ? { reason: 'PodsUnhealthy', message: 'pods with the agent crash or do not start' }
    : { reason: 'NoneUnhealthy', message: 'no pod with the agent crashes' };
}

/** Above it, a count is rounded, so that a large rollout is not a write for each pod. */
const EXACT = 1000;

function rounded(count: number): number {
  if (count <= EXACT) return count;
  const step = 10 ** (Math.floor(Math.log10(count)) - 1);
  return Math.round(count / step) * step;
}
