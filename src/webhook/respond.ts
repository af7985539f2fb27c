import type { Logger, ParentLogger } from '../lib/logger.ts';
import type { Decision, DecisionSummary } from '../admission/decision.ts';
import { encodeReview, type Review } from '../admission/review.ts';
import type { Named, Pod } from '../kubernetes/pod.ts';
import type { Operation } from '../lib/json-patch.ts';
import type { JsonObject } from '../lib/json.ts';
import type { AnswerInputs } from './answer-cache/answer-cache.ts';
import { decisionFields } from './decision-log.ts';

/** What is decided of one review. */
export interface Answer {
  readonly decision: Decision;
  readonly operations: readonly Operation[];
  /** The pod's namespace, where it is known to exist. */
  readonly namespace?: string;
  /** What the decision was made of, where another review can be answered alike. */
  readonly grounds?: AnswerInputs;
}

/** The text of an answer: what stands before and after the uid. */
export type AnswerText = readonly [before: string, after: string];

/** A decision in all its renderings, but for what differs between pods of one template. */
export interface Rendered {
  readonly decision: DecisionSummary;
  /** Counted by it; undefined unless it is known to exist. */
  readonly namespace: string | undefined;
  /** Of the pod, for Events; undefined where it was a dry run, or there was none. */
  readonly pod: (Named & { readonly namespace: string }) | undefined;
  readonly answer: AnswerText;
  readonly fields: JsonObject;
  readonly line: Pick<Logger, 'info'>;
}

/** Renders an answer to a review, or to something that has a uid and no pod. */
export function render(log: ParentLogger, review: Review | undefined, answer: Answer): Rendered {
  const { decision, operations, namespace } = answer;
  const dryRun = review?.dryRun ?? false;
  const fields = decisionFields(decision, review?.pod, {
    namespace: review?.namespace ?? '',
    dryRun,
    operations: operations.length,
  });
  return {
    decision,
    namespace,
    pod: review && !dryRun ? { namespace: review.namespace, ...withoutManagers(review.pod) } : undefined,
    answer: splitAtUid(decision, operations),
    fields,
    line: log.child(fields),
  };
}

/** Managed fields are most of a pod's metadata, and nobody reads them. */
function withoutManagers({ metadata }: Pod): Named {
  return metadata ? { metadata: { ...metadata, managedFields: undefined } } : {};
}

const NO_UID = '"uid":"';

/** The answer to whoever asks about a pod for which this was decided, but for the uid. */
export function splitAtUid(decision: Decision, operations: readonly Operation[]): AnswerText {
  const text = JSON.stringify(encodeReview('', decision, operations));
  // It is the first value that could be empty: encodeReview writes it before anything that comes from outside.
  const at = text.indexOf(NO_UID) + NO_UID.length;
  return [text.slice(0, at - 1), text.slice(at + 1)];
}

/** The whole answer to the review with this uid. */
export function answerTo(uid: string, [before, after]: AnswerText): string {
  return before + JSON.stringify(uid) + after;
}

/** Whether the answer says what the template leaves out. */
export function reportsEvents({ answer, fields }: Rendered, { operations }: Answer, left: string | undefined): boolean {
  return left !== undefined && JSON.stringify([answer, fields, operations]).includes(left);
}
