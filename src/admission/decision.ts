import type { ContainerResult, ContainerOutcome } from '../injection/outcome.ts';
import type { Reason } from '../reasons/reason.ts';
import { type ReasonKind, reasonTable } from '../reasons/reason-table.ts';

type DecisionOn<Container> =
  | { readonly outcome: 'injected'; readonly containers: readonly Container[]; readonly notices: readonly Reason[] }
  | {
      readonly outcome: 'skipped' | 'refused';
      readonly reason: Reason;
      readonly containers: readonly Container[];
      readonly notices: readonly Reason[];
    };

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
  return kind === 'problem' || kind === 'failure';
}

/** A decision not to inject: a problem or a failure refuses a pod that requires injection, everything else skips it. */
export function notInjected(
  reason: Reason,
  required: boolean,
  facts: { readonly containers?: readonly ContainerOutcome[]; readonly notices?: readonly Reason[] } = {},
): Decision {
  const outcome = required && isReported(reason) ? 'refused' : 'skipped';
  return { outcome, reason, containers: facts.containers ?? [], notices: facts.notices ?? [] };
}

/**
 * The reason for a pod in which no container was injected. A container that already has the agent comes first, since the pod is then as it was
 * asked for and a second pass must give this reason. A problem comes next, since a user must fix it.
 */
export function primaryReason(containers: readonly ContainerOutcome[]): Reason {
  const reasons = containers.flatMap((container) => (container.outcome === 'skipped' ? [container.reason] : []));
  const first = (kind: ReasonKind): Reason | undefined => reasons.find(({ code }) => reasonTable[code].kind === kind);
  return first('satisfied') ?? first('problem') ?? reasons[0] ?? { code: 'no-profile' };
}
