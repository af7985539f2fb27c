import type { Reason } from '../reasons/reason.ts';

export interface Rule<Subject> {
  readonly name: string;
  /** The condition as a clause without a capital and a full stop. */
  readonly holds: string;
  readonly evaluate: (subject: Subject) => Reason | undefined;
}

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
