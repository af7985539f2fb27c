import type { Result } from '../lib/result.ts';
import type { Reason } from '../reasons/reason.ts';
import type { SettingSources } from '../settings/resolve.ts';
import type { ChosenDelivery } from './delivery/choose.ts';

export interface InjectionContext extends SettingSources {
  /** Receives the steps of the decision. Absent in the server, which spends nothing on them. */
  readonly trace?: Trace | undefined;
}

export interface Rule<Subject> {
  readonly name: string;
  /** The condition as a clause without a capital and a full stop. */
  readonly holds: string;
  readonly evaluate: (subject: Subject) => Reason | undefined;
}

export type Stage = 'policy' | 'containers' | 'fit' | 'parameters' | 'conflicts' | 'delivery' | 'files' | 'environment';

/** The container and the profile that an event is about; both absent for the pod as a whole. */
export interface TraceScope {
  readonly container?: string;
  readonly profile?: string;
}

export type TraceEvent =
  | {
      readonly kind: 'rule';
      readonly stage: Stage;
      readonly rule: string;
      readonly holds: string;
      readonly scope: TraceScope;
      /** Undefined if the condition holds. */
      readonly reason: Reason | undefined;
    }
  | { readonly kind: 'delivery'; readonly scope: TraceScope; readonly chosen: ChosenDelivery };

export type Trace = (event: TraceEvent) => void;

/** Evaluates the rules in order up to the first reason, and reports each evaluation. */
export function firstReason<Subject>(
  rules: readonly Rule<Subject>[],
  subject: Subject,
  report: ((rule: Rule<Subject>, reason: Reason | undefined) => void) | undefined,
): Reason | undefined {
  for (const rule of rules) {
    const reason = rule.evaluate(subject);
    report?.(rule, reason);
    if (reason) return reason;
  }
  return undefined;
}

export function traceResult(
  trace: Trace | undefined,
  { stage, name, holds }: Omit<Rule<never>, 'evaluate'> & { readonly stage: Stage },
  scope: TraceScope,
  result: Result<unknown, Reason>,
): void {
  trace?.({ kind: 'rule', stage, rule: name, holds, scope, reason: result.ok ? undefined : result.error });
}

export function tracer(
  trace: Trace,
  stage: Stage,
  scope: TraceScope,
): (rule: Omit<Rule<never>, 'evaluate'>, reason: Reason | undefined) => void {
  return ({ name, holds }, reason) => {
    trace({ kind: 'rule', stage, rule: name, holds, scope, reason });
  };
}
