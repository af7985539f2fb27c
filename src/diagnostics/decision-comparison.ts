import type { Admission } from '../admission/admit.ts';
import type { ContainerOutcome } from '../injection/outcome.ts';
import type { Reason } from '../reasons/reason.ts';

export type InjectedAgent = Extract<ContainerOutcome, { outcome: 'injected' }>;

/** The change of the decision on a pod with other profiles or another namespace label. */
export type DecisionComparison =
  | {
      readonly verdict: 'same' | 'gets' | 'changes';
      readonly before: readonly InjectedAgent[];
      readonly after: readonly InjectedAgent[];
    }
  | {
      readonly verdict: 'loses' | 'conflict' | 'pod-security' | 'skipped';
      readonly before: readonly InjectedAgent[];
      readonly reason: Reason;
    };

export type Verdict = DecisionComparison['verdict'];

const CONFLICTS: ReadonlySet<Reason['code']> = new Set([
  'foreign-agent',
  'foreign-agent-requested',
  'slot-shared',
  'foreign-profiler',
  'slot-taken',
  'profile-conflict',
  'profiling-disabled',
  'conflicting-variable',
  'mount-path-taken',
]);

export function compareAdmissions(now: Admission, then: Admission): DecisionComparison {
  const [before, after] = [agentsOf(now), agentsOf(then)];
  if (then.decision.outcome !== 'injected') {
    const { reason } = then.decision;
    return { verdict: verdictWithoutAgent(reason, before.length > 0), before, reason };
  }
  if (before.length === 0) return { verdict: 'gets', before, after };
  const isSame = JSON.stringify(now.pod) === JSON.stringify(then.pod);
  return { verdict: isSame ? 'same' : 'changes', before, after };
}

function verdictWithoutAgent(reason: Reason, hasAgentNow: boolean): 'loses' | 'conflict' | 'pod-security' | 'skipped' {
  if (isPodSecurity(reason)) return 'pod-security';
  if (CONFLICTS.has(reason.code)) return 'conflict';
  return hasAgentNow ? 'loses' : 'skipped';
}

function isPodSecurity(reason: Reason): boolean {
  if (reason.code === 'delivery-not-possible') return reason.requirement.why === 'pod-security';
  return (
    reason.code === 'no-fitting-delivery' &&
    reason.skipped.some(({ requirement }) => requirement.why === 'pod-security')
  );
}

function agentsOf({ decision }: Admission): readonly InjectedAgent[] {
  return decision.containers.filter((one) => one.outcome === 'injected');
}
