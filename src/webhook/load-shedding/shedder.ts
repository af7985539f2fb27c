import { notInjected } from '../../admission/decision.ts';
import { optsOut } from '../../admission/opt-in.ts';
import { decodeReview } from '../../admission/review.ts';
import type { Pod } from '../../kubernetes/pod.ts';
import type { Clock } from '../../lib/clock.ts';
import { isRequired, refusesNothing } from '../../settings/required.ts';
import { parseBody } from '../body.ts';
import { MAX_WAIT_MS } from '../deadline.ts';
import type { Question } from '../decide.ts';
import type { HandlerDependencies } from '../dependencies.ts';
import { answerText, splitAtUid } from '../render-answer.ts';
import { type PeekedReview, peekReview } from './peek-review.ts';
import type { QueueDelay } from './queue-delay.ts';
import { ShedLog } from './shed-log.ts';

// The reasons, and the choice of the limits: docs/adr/0016-overload.md.

/** Longest queue delay for optional injection. A burst of thousands of pods stays below it. */
const MAX_OPTIONAL_WAIT_MS = 1000;

type ShedderDependencies = Pick<HandlerDependencies, 'catalogue' | 'namespaces' | 'metrics' | 'log'>;

export class LoadShedder {
  readonly #dependencies: ShedderDependencies;
  readonly #log: ShedLog;

  constructor(dependencies: ShedderDependencies, clock: Clock) {
    this.#dependencies = dependencies;
    this.#log = new ShedLog(dependencies.log, clock);
  }

  /**
   * Returns an answer without evaluating the pod if the review has waited too long, otherwise undefined. A required pod is never admitted this way:
   * it may wait longer, and is refused after that.
   */
  evaluate(body: Buffer, { required, deadlineMs }: Question, delay: QueueDelay): string | undefined {
    const isLate = (maxWaitMs: number): boolean => delay.lastBytes > maxWaitMs || delay.firstBytes > deadlineMs;
    // A third, because a new connection needs three event loop iterations before its first review is read: accept, TLS handshake, request.
    if (!isLate(required ? MAX_WAIT_MS : Math.min(deadlineMs / 3, MAX_OPTIONAL_WAIT_MS))) return undefined;
    const peeked = peekReview(body);
    if (!peeked) return undefined;
    return required ? this.#answerRequired(body, peeked) : this.#answerByLabels(body, peeked, isLate(MAX_WAIT_MS));
  }

  #answerRequired(body: Buffer, peeked: PeekedReview): string {
    const namespace = this.#dependencies.namespaces.get(peeked.namespace);
    return this.#answer(peeked, namespace?.name, !(peeked.mayOptOut && this.#optsOut(body)));
  }

  #answerByLabels(body: Buffer, peeked: PeekedReview, isLateForRequired: boolean): string | undefined {
    const namespace = this.#dependencies.namespaces.get(peeked.namespace);
    if (!namespace) return undefined;
    if (!peeked.mayBeRequired && !isRequired({ namespace })) return this.#answer(peeked, namespace.name, false);
    if (!isLateForRequired) return undefined;
    const pod = podIn(body);
    return pod && this.#answer(peeked, namespace.name, isRequired({ pod, namespace }));
  }

  /** The documented ways out of an injection that is required also work under overload. */
  #optsOut(body: Buffer): boolean {
    const pod = podIn(body);
    return pod !== undefined && optsOut(pod) && this.#dependencies.catalogue().strictRequired !== true;
  }

  /** `namespace` is undefined unless the namespace is known to exist. */
  #answer({ uid, namespace: name }: PeekedReview, namespace: string | undefined, isRequiredPod: boolean): string {
    const required = isRequiredPod && !refusesNothing(this.#dependencies.catalogue());
    this.#dependencies.metrics.recordReview(decisions[`${required}`], namespace, 0);
    this.#log.record(name, required);
    return answerText(uid, answers[`${required}`]);
  }
}

const decisions = {
  false: notInjected({ code: 'overloaded' }, false),
  true: notInjected({ code: 'overloaded' }, true),
};

const answers = { false: splitAtUid(decisions.false, []), true: splitAtUid(decisions.true, []) };

/** Undefined if the body is not a valid review of a pod; the handler reports why. */
function podIn(body: Buffer): Pod | undefined {
  try {
    const decoded = decodeReview(parseBody(body));
    return decoded.kind === 'review' ? decoded.review.pod : undefined;
  } catch {
    return undefined;
  }
}
