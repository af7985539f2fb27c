import type { ContainerResult, ContainerOutcome } from '../injection/outcome.ts';
import type { Reason } from '../reasons/reason.ts';
import type { ReasonKind } from '../reasons/reason-kind.ts';
import { reasonTable } from '../reasons/reason-table.ts';

/**
 * A pass over a pod that an earlier pass has decided on. `repeated`: it finds what the earlier one did, and tells nothing again. `later`: it
 * tells everything, since another webhook has changed the pod.
 */
export type Pass = 'repeated' | 'later';

type DecisionOn<Container> = { readonly pass?: Pass } & (
  | { readonly outcome: 'injected'; readonly containers: readonly Container[]; readonly notices: readonly Reason[] }
  | {
      readonly outcome: 'skipped' | 'refused';
      readonly reason: Reason;
      readonly containers: readonly Container[];
      readonly notices: readonly Reason[];
    }
);

/** The decision on one pod. Patch, log line, metrics, warnings and status annotation are all derived from this value. */
export type Decision = DecisionOn<ContainerOutcome>;

/** A decision without the details of its containers, for metrics, Events and the answer cache. Every Decision is one. */
export type DecisionSummary = DecisionOn<ContainerResult>;

export function decisionSummary(decision: Decision): DecisionSummary {
  return { ...decision, containers: decision.containers.map(withoutDetails) };
}

function withoutDetails(result: ContainerOutcome): ContainerResult {
  if (result.outcome === 'skipped') return result;
  const { outcome, container, profile, hash, delivery } = result;
  return { outcome, container, profile, hash, delivery };
}

/** True for reasons that users are warned of: an agent was asked for and not injected. */
export function isReported({ code }: Reason): boolean {
  const { kind } = reasonTable[code];
  return kind === 'problem' || kind === 'failure' || kind === 'suspension';
}

/** The kinds of reasons for which a required pod is admitted without an injection. */
const ADMITTED: ReadonlySet<ReasonKind> = new Set(['exemption', 'suspension', 'satisfied']);

function isAdmitted(reason: Reason): boolean {
  return ADMITTED.has(reasonTable[reason.code].kind) && !('strict' in reason && reason.strict);
}

/**
 * A decision not to inject: a pod that requires injection is refused unless it is exempt, has the agent, or injection is stopped. Everything else
 * skips the pod.
 */
export function notInjected(
  reason: Reason,
  required: boolean,
  facts: { readonly containers?: readonly ContainerOutcome[]; readonly notices?: readonly Reason[] } = {},
): Decision {
  const { containers = [], notices = [] } = facts;
  if (required && !isAdmitted(reason))
    return { outcome: 'refused', reason, containers: containers.map(withoutInjection(reason)), notices };
  return { outcome: 'skipped', reason, containers, notices: [...(required ? optOuts([reason]) : []), ...notices] };
}

/** An injection of all agents but those that are left out for good reasons. Where an agent is required, a notice says which. */
export function injectedDecision(
  containers: readonly ContainerOutcome[],
  required: boolean,
  notices: readonly Reason[],
): Decision {
  const reasons = containers.flatMap((container) => (container.outcome === 'skipped' ? [container.reason] : []));
  return { outcome: 'injected', containers, notices: [...(required ? optOuts(reasons) : []), ...notices] };
}

/** Two containers may be outside the same canary. */
function optOuts(reasons: readonly Reason[]): readonly Reason[] {
  const found = new Set(reasons.flatMap((reason) => optedOutBy(reason) ?? []));
  return [...found].map((by) => ({ code: 'required-opt-out', by }));
}

function optedOutBy(reason: Reason): string | undefined {
  if (reason.code === 'outside-canary') return `the canary of profile ${reason.profile}`;
  return reason.code === 'opted-out' ? reason.by : undefined;
}

/** The same containers if the patch is discarded for this reason. */
export function withoutInjection(reason: Reason): (outcome: ContainerOutcome) => ContainerOutcome {
  return (result) =>
    result.outcome === 'injected'
      ? { outcome: 'skipped', container: result.container, profile: result.profile, reason }
      : result;
}

/**
 * The reason that refuses a required pod although an agent can be injected into one of its containers: every container and profile that is
 * selected must get the agent or have it, unless it is stopped. A profile that applies to no container is not selected.
 */
export function missingAgent(containers: readonly ContainerOutcome[]): Reason | undefined {
  const reasons = containers.flatMap((container) => (container.outcome === 'skipped' ? [container.reason] : []));
  return reasons.find((reason) => reason.code !== 'no-target-container' && !isAdmitted(reason));
}

/**
 * The reason for a pod in which no container was injected. Two agents in one process come first, since nothing else tells of them. A container
 * that already has the agent comes next, since the pod is then as it was asked for and a second pass must give this reason. Then comes a problem,
 * since a user must fix it. That a profile is for no container says nothing where another is stopped, or outside its canary.
 */
export function primaryReason(containers: readonly ContainerOutcome[]): Reason {
  const reasons = containers.flatMap((container) => (container.outcome === 'skipped' ? [container.reason] : []));
  const first = (kind: ReasonKind): Reason | undefined => reasons.find(({ code }) => reasonTable[code].kind === kind);
  const shared = reasons.find(({ code }) => code === 'slot-shared');
  const problem = reasons.find(({ code }) => code !== 'no-target-container' && reasonTable[code].kind === 'problem');
  return (
    shared ??
    first('satisfied') ??
    first('unverified') ??
    problem ??
    first('suspension') ??
    first('exemption') ??
    first('problem') ??
    reasons[0] ?? { code: 'no-profile' }
  );
}
