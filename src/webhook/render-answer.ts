import type { Decision, DecisionSummary } from '../admission/decision.ts';
import { encodeReview, type Review } from '../admission/review.ts';
import type { HasMetadata, Pod } from '../kubernetes/pod.ts';
import { type Operation, patchText } from '../lib/json-patch.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Logger, ParentLogger } from '../lib/logger.ts';
import type { DecidedReview } from './decide.ts';
import { decisionFields } from './decision-log.ts';

/** Text of an answer before and after its uid. */
export type AnswerText = readonly [before: string, after: string];

/** A decision in every form in which it is reported. Pods of one template share it: uid and duration are added for each review. */
export interface RenderedAnswer {
  readonly decision: DecisionSummary;
  /** Undefined unless the namespace is known to exist. */
  readonly namespace: string | undefined;
  /** The pod to write Events for; undefined for a dry run or if the review has no pod. */
  readonly pod: (HasMetadata & { readonly namespace: string }) | undefined;
  readonly text: AnswerText;
  readonly logFields: JsonObject;
  readonly logger: Pick<Logger, 'info'>;
}

/** Renders a decision. `review` is undefined if the request has a uid but no pod. */
export function render(log: ParentLogger, review: Review | undefined, decided: DecidedReview): RenderedAnswer {
  const { decision, operations, namespace } = decided;
  const dryRun = review?.dryRun ?? false;
  const logFields = decisionFields(decision, review?.pod, {
    namespace: review?.namespace ?? '',
    dryRun,
    operations: operations.length,
  });
  return {
    decision,
    namespace,
    pod: review && !dryRun ? { namespace: review.namespace, ...withoutManagedFields(review.pod) } : undefined,
    text: textOf(decision, operations),
    logFields,
    logger: log.child(logFields),
  };
}

/** Managed fields are the largest part of a pod's metadata, and are not used. */
function withoutManagedFields({ metadata }: Pod): HasMetadata {
  return metadata ? { metadata: { ...metadata, managedFields: undefined } } : {};
}

const NO_UID = '"uid":"';

// Pods of one shape share a decision, and most of them have the same patch.
const texts = new WeakMap<Decision, { readonly patch: string; readonly text: AnswerText }>();

/** The patch is part of the text: it is compared, not assumed. */
function textOf(decision: Decision, operations: readonly Operation[]): AnswerText {
  const patch = patchText(operations);
  const known = texts.get(decision);
  if (known?.patch === patch) return known.text;
  const text = splitAtUid(decision, operations);
  texts.set(decision, { patch, text });
  return text;
}

export function splitAtUid(decision: Decision, operations: readonly Operation[]): AnswerText {
  const text = JSON.stringify(encodeReview('', decision, operations));
  // The first match is the uid: encodeReview writes it before any value from outside.
  const at = text.indexOf(NO_UID) + NO_UID.length;
  return [text.slice(0, at - 1), text.slice(at + 1)];
}

export function answerText(uid: string, [before, after]: AnswerText): string {
  return before + JSON.stringify(uid) + after;
}

export function mentions({ text, logFields }: RenderedAnswer, { operations }: DecidedReview, name = ''): boolean {
  return name !== '' && (patchText(operations).includes(name) || JSON.stringify([text, logFields]).includes(name));
}

/** Estimate, in characters, for the objects themselves. */
const SIZE = 2048;

/** Objects take about twice as much as their JSON text. */
const OBJECT_FACTOR = 2;

export function sizeOf({ text, decision, pod, logFields }: RenderedAnswer): number {
  return text[1].length + SIZE + OBJECT_FACTOR * JSON.stringify([decision, pod, logFields]).length;
}
