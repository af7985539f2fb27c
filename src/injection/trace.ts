import type { Result } from '../lib/result.ts';
import type { Reason } from '../reasons/reason.ts';
import type { ChosenDelivery } from './delivery/choose.ts';
import type { Rule } from './rule.ts';

export type Stage =
  | 'opt-in'
  | 'containers'
  | 'compatibility'
  | 'parameters'
  | 'conflicts'
  | 'delivery'
  | 'files'
  | 'environment'
  | 'verify';

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
      readonly condition: string;
      readonly scope: TraceScope;
      /** Undefined if the condition holds. */
      readonly reason: Reason | undefined;
    }
  | { readonly kind: 'delivery'; readonly scope: TraceScope; readonly chosen: ChosenDelivery };

export type Trace = (event: TraceEvent) => void;

export function traceResult(
  trace: Trace | undefined,
  { stage, name, holds }: Omit<Rule<never>, 'evaluate'> & { readonly stage: Stage },
  scope: TraceScope,
  result: Result<unknown, Reason>,
): void {
  trace?.({ kind: 'rule', stage, rule: name, condition: holds, scope, reason: result.ok ? undefined : result.error });
}

export function tracer(
  trace: Trace,
  stage: Stage,
  scope: TraceScope,
): (rule: Omit<Rule<never>, 'evaluate'>, reason: Reason | undefined) => void {
  return ({ name, holds }, reason) => {
    trace({ kind: 'rule', stage, rule: name, condition: holds, scope, reason });
  };
}
