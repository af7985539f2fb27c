import type { Result } from '../lib/result.ts';
import type { Reason } from '../reasons/reason.ts';
import type { Parameters } from '../settings/parameters.ts';
import type { ChosenDelivery } from './delivery/choose.ts';

/** A rule of a table: what has to hold, and why it does not. */
export interface Rule<Subject> {
  /** Stable, for programs. */
  readonly name: string;
  /** For people: a sentence without a capital and a full stop, true when the rule has no reason. */
  readonly holds: string;
  readonly evaluate: (subject: Subject) => Reason | undefined;
}

/** The part of a decision that a rule belongs to, in the order in which they come. */
export type Stage = 'policy' | 'containers' | 'fit' | 'parameters' | 'conflicts' | 'delivery' | 'files' | 'environment';

/** Which agent in which container; nothing of both where it is about the whole pod. */
export interface About {
  readonly container?: string;
  readonly profile?: string;
}

/** Something that happened on the way to a decision. */
export type TraceEvent =
  | {
      readonly kind: 'asked';
      readonly stage: Stage;
      readonly rule: string;
      readonly holds: string;
      readonly about: About;
      /** What stands in the way; undefined: it holds. */
      readonly reason: Reason | undefined;
    }
  | { readonly kind: 'parameters'; readonly about: About; readonly parameters: Parameters }
  | { readonly kind: 'delivery'; readonly about: About; readonly chosen: ChosenDelivery };

/** Who wants to know how a decision came about. A server does not: then nothing is made for it. */
export type Trace = (event: TraceEvent) => void;

/** The first reason of the rules. Everything that is asked on the way is told. */
export function firstReason<Subject>(
  rules: readonly Rule<Subject>[],
  subject: Subject,
  trace: ((rule: Rule<Subject>, reason: Reason | undefined) => void) | undefined,
): Reason | undefined {
  for (const rule of rules) {
    const reason = rule.evaluate(subject);
    trace?.(rule, reason);
    if (reason) return reason;
  }
  return undefined;
}

/** Tells what came of something that may fail, as of a rule. */
export function traceResult(
  trace: Trace | undefined,
  { stage, name, holds }: Omit<Rule<never>, 'evaluate'> & { readonly stage: Stage },
  about: About,
  choice: Result<unknown, Reason>,
): void {
  trace?.({ kind: 'asked', stage, rule: name, holds, about, reason: choice.ok ? undefined : choice.error });
}

/** Tells of rules of one stage. */
export function tracer(
  trace: Trace,
  stage: Stage,
  about: About,
): (rule: Omit<Rule<never>, 'evaluate'>, reason: Reason | undefined) => void {
  return ({ name, holds }, reason) => {
    trace({ kind: 'asked', stage, rule: name, holds, about, reason });
  };
}
