import type { Admission } from '../admission/admit.ts';
import { changesBetween } from './pod-changes.ts';
import type { ContainerOutcome } from '../injection/outcome.ts';
import type { Reason } from '../reasons/reason.ts';
import type { SettingSources } from '../settings/resolve.ts';
import { isUndecided } from './decisions/unread.ts';

export type InjectedAgent = Extract<ContainerOutcome, { outcome: 'injected' }>;

/** The change of the decision on a pod with other profiles or another namespace label. */
export type DecisionComparison =
  | KnownComparison
  /** What the server would decide, before or after the change, is not known. `guess`: by all that could be read. */
  | { readonly verdict: 'undecided'; readonly before: readonly InjectedAgent[]; readonly guess: KnownComparison };

type KnownComparison =
  | {
      readonly verdict: 'gets' | 'changes';
      readonly before: readonly InjectedAgent[];
      readonly after: readonly InjectedAgent[];
    }
  | {
      /** `refused`: the pods require an agent and cannot get it. `skipped`: they are asked for one and do not get it. */
      readonly verdict: 'refused' | 'loses' | 'conflict' | 'pod-security' | 'skipped';
      readonly before: readonly InjectedAgent[];
      readonly reason: Reason;
    }
  /** The change makes no difference. */
  | { readonly verdict: 'same'; readonly before: readonly InjectedAgent[]; readonly reason?: Reason };

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

/** `known`: what the decisions are made with. */
export function compareAdmissions(
  now: Admission,
  then: Admission,
  known: readonly Pick<SettingSources, 'catalogue' | 'cluster'>[] = [],
): DecisionComparison {
  const compared = compareKnown(now, then);
  const isUnknown = [now, then].some(({ decision }) =>
    known.some((one) => isUndecided(one, decision.outcome === 'injected' ? undefined : decision.reason)),
  );
  return isUnknown ? { verdict: 'undecided', before: compared.before, guess: compared } : compared;
}

function compareKnown(now: Admission, then: Admission): KnownComparison {
  const [before, after] = [agentsOf(now), agentsOf(then)];
  if (then.decision.outcome !== 'injected') {
    const { reason, outcome } = then.decision;
    if (isSameRefusal(now, then)) return { verdict: 'same', before, reason };
    if (outcome === 'refused') return { verdict: 'refused', before, reason };
    return { verdict: verdictWithoutAgent(reason, before.length > 0), before, reason };
  }
  if (before.length === 0) return { verdict: 'gets', before, after };
  return changesBetween(now.pod, then.pod).length === 0
    ? { verdict: 'same', before }
    : { verdict: 'changes', before, after };
}

function isSameRefusal({ decision: now }: Admission, { decision: then }: Admission): boolean {
  if (now.outcome === 'injected' || then.outcome === 'injected') return false;
  return now.outcome === then.outcome && JSON.stringify(now.reason) === JSON.stringify(then.reason);
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
