import { notInjected } from '../../admission/decision.ts';
import { isRequired } from '../../admission/opt-in.ts';
import { decodeReview } from '../../admission/review.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import type { Pod } from '../../kubernetes/pod.ts';
import type { Json } from '../../lib/json.ts';
import { timeoutOf } from '../deadline.ts';
import type { HandlerDependencies } from '../dependencies.ts';
import { answerTo, splitAtUid } from '../respond.ts';
import { peekReview } from './peek-uid.ts';
import type { QueueDelay } from './queue-delay.ts';
import { ShedLog } from './shed-log.ts';

// Why, and how far: docs/adr/0016-overload.md.

/** Longer than this nobody waits for an agent that he can do without; a burst of thousands of pods is answered in less. */
const MAX_WAIT_MS = 1000;

/** As long as for a namespace that has to be asked for. */
const MAX_WAIT_WHEN_REQUIRED_MS = 3000;

/** Decides without looking at the pod, when there is no time for that. */
export class LoadShedder {
  readonly #reviewing: Pick<HandlerDependencies, 'namespaces' | 'metrics'>;
  readonly #log: ShedLog;

  constructor(reviewing: Pick<HandlerDependencies, 'namespaces' | 'metrics' | 'log'>) {
    this.#reviewing = reviewing;
    this.#log = new ShedLog(reviewing.log);
  }

  /**
   * The text of the answer to a review that came too late, or undefined: then it is to be decided on. A pod that must carry its agent is never
   * admitted so; it is given more time, and then refused. Only then is the body parsed, by `parse`.
   */
  evaluate(body: Buffer, timeout: unknown, waiting: QueueDelay, parse: () => Json): string | undefined {
    const limit = timeoutOf(timeout);
    // Three turns pass until the first review of a new connection is read: it is accepted, greeted, and heard.
    if (!isLate(waiting, Math.min(limit / 3, MAX_WAIT_MS), limit)) return undefined;
    const seen = peekReview(body);
    const namespace = seen && this.#reviewing.namespaces.get(seen.namespace);
    if (!namespace) return undefined;
    if (!seen.mayBeRequired && !isRequired(undefined, namespace)) return this.#answer(seen.uid, namespace, false);
    if (!isLate(waiting, MAX_WAIT_WHEN_REQUIRED_MS, limit)) return undefined;
    const pod = podIn(parse);
    return pod && this.#answer(seen.uid, namespace, isRequired(pod, namespace));
  }

  #answer(uid: string, namespace: Namespace, required: boolean): string {
    this.#reviewing.metrics.reviewed(decisions[`${required}`], namespace.name, 0);
    this.#log.shed(namespace.name, required);
    return answerTo(uid, answers[`${required}`]);
  }
}

function isLate({ turn, request }: QueueDelay, longest: number, limit: number): boolean {
  return turn > longest || request > limit;
}

/** By whether the pod must carry its agent. */
const decisions = {
  false: notInjected({ code: 'overloaded' }, false),
  true: notInjected({ code: 'overloaded' }, true),
};

const answers = { false: splitAtUid(decisions.false, []), true: splitAtUid(decisions.true, []) };

/** Undefined for what is no review of a pod, or cannot be parsed: whoever decides says so. */
function podIn(parse: () => Json): Pod | undefined {
  try {
    const decoded = decodeReview(parse());
    return decoded.kind === 'review' ? decoded.review.pod : undefined;
  } catch {
    return undefined;
  }
}
