import type { ContainerResult, ContainerOutcome } from '../injection/outcome.ts';
import type { Reason } from '../reasons/reason.ts';
import { type ReasonKind, reasonTable } from '../reasons/table.ts';

/**
 * What was decided for one pod, with the facts that led to it. Everything that is said about it (patch, log line, metric, warning, status
 * annotation) is a rendering of this value.
 */
export type Decision =
  | {
      readonly outcome: 'injected';
      readonly containers: readonly ContainerOutcome[];
      readonly notices: readonly Reason[];
    }
  | {
      readonly outcome: 'skipped' | 'refused';
      readonly reason: Reason;
      readonly containers: readonly ContainerOutcome[];
      readonly notices: readonly Reason[];
    };

/** A decision without how it came about: all that is counted of it, and told of it in Events. Every decision is one. */
export type DecisionSummary =
  | (Omit<Extract<Decision, { outcome: 'injected' }>, 'containers'> & {
      readonly containers: readonly ContainerResult[];
    })
  | (Omit<Exclude<Decision, { outcome: 'injected' }>, 'containers'> & {
      readonly containers: readonly ContainerResult[];
    });

/** The verdict alone, for keeping: of a decision, most of what takes room is how it came about. */
export function summaryOf(decision: Decision): DecisionSummary {
  const { notices, containers } = decision;
  const fates = containers.map(fateOf);
  return decision.outcome === 'injected'
    ? { outcome: decision.outcome, notices, containers: fates }
    : { outcome: decision.outcome, reason: decision.reason, notices, containers: fates };
}

function fateOf(one: ContainerOutcome): ContainerResult {
  if (one.outcome === 'skipped') return one;
  const { outcome, container, profile, hash, delivery } = one;
  return { outcome, container, profile, hash, delivery };
}

/** Whether an agent was asked for and did not come: whoever created the pod is told. */
export function isReported({ code }: Reason): boolean {
  const { kind } = reasonTable[code];
  return kind === 'problem' || kind === 'failure';
}

/** A decision not to inject: refused when an agent is required and a problem or a failure stands in its way, else skipped. */
export function notInjected(
  reason: Reason,
  required: boolean,
  facts: { readonly containers?: readonly ContainerOutcome[]; readonly notices?: readonly Reason[] } = {},
): Decision {
  const outcome = required && isReported(reason) ? 'refused' : 'skipped';
  return { outcome, reason, containers: facts.containers ?? [], notices: facts.notices ?? [] };
}

/**
 * The one reason of a pod of which no container was injected now. A container that carries the agent already comes first: the pod as a whole
 * has what was asked for, and a second pass must say so. Then a problem, so that what needs a person is what is shown; then any other.
 */
export function primaryReason(containers: readonly ContainerOutcome[]): Reason {
  const reasons = containers.flatMap((container) => (container.outcome === 'skipped' ? [container.reason] : []));
  const first = (kind: ReasonKind): Reason | undefined => reasons.find(({ code }) => reasonTable[code].kind === kind);
  return first('satisfied') ?? first('problem') ?? reasons[0] ?? { code: 'no-profile' };
}
