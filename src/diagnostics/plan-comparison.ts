import type { Admission } from '../admission/admit.ts';
import type { ContainerOutcome } from '../injection/outcome.ts';
import { reasonMessage } from '../reasons/message.ts';
import type { Reason } from '../reasons/reason.ts';

/** What would become of a workload: as it is now, and by other profiles or another label. */
export type Verdict = 'same' | 'gets' | 'changes' | 'loses' | 'conflict' | 'skipped' | 'pod-security';

export interface PlanComparison {
  readonly verdict: Verdict;
  /** What it comes to, a sentence without a capital and a full stop. */
  readonly message: string;
}

/** Reasons by which something in the pod stands in the way. */
const CONFLICTS: ReadonlySet<Reason['code']> = new Set([
  'foreign-agent',
  'foreign-profiler',
  'slot-taken',
  'profile-conflict',
  'profiling-disabled',
  'conflicting-variable',
  'mount-path-taken',
]);

/** Compares two decisions on the same pod. */
export function comparePlans(now: Admission, then: Admission): PlanComparison {
  const [before, after] = [agentsOf(now), agentsOf(then)];
  if (then.decision.outcome !== 'injected') return withoutAgent(then.decision.reason, before);
  if (before === '') return { verdict: 'gets', message: `gets ${after}` };
  if (JSON.stringify(now.pod) === JSON.stringify(then.pod)) return { verdict: 'same', message: `stays with ${after}` };
  return {
    verdict: 'changes',
    message: before === after ? `gets ${after} in another way` : `${before} becomes ${after}`,
  };
}

function withoutAgent(reason: Reason, before: string): PlanComparison {
  const why = `${reasonMessage(reason)} (${reason.code})`;
  if (isPodSecurity(reason)) return { verdict: 'pod-security', message: why };
  if (CONFLICTS.has(reason.code)) return { verdict: 'conflict', message: why };
  return before === ''
    ? { verdict: 'skipped', message: why }
    : { verdict: 'loses', message: `loses ${before}: ${why}` };
}

function isPodSecurity(reason: Reason): boolean {
  if (reason.code === 'delivery-not-possible') return reason.requirement.why === 'pod-security';
  return (
    reason.code === 'no-fitting-delivery' &&
    reason.skipped.some(({ requirement }) => requirement.why === 'pod-security')
  );
}

function agentsOf({ decision }: Admission): string {
  const agents = decision.containers.flatMap((one: ContainerOutcome) =>
    one.outcome === 'injected' ? [`${one.profile} by ${one.delivery} in ${one.container}`] : [],
  );
  return agents.join(', ');
}
