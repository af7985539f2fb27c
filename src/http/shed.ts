import { notInjected } from '../core/decision.ts';
import type { Json } from '../core/json.ts';
import type { Namespace } from '../core/namespace.ts';
import type { Pod } from '../core/pod.ts';
import { isRequired } from '../core/policy.ts';
import { decodeReview, encodeReview } from '../core/review.ts';
import { timeoutOf } from './deadline.ts';
import { glimpse } from './glimpse.ts';
import type { Waiting } from './lateness.ts';
import type { Reviewing } from './mutate.ts';
import { ShedLog } from './shed-log.ts';

// Why, and how far: docs/adr/0016-overload.md.

/** Longer than this nobody waits for an agent that he can do without; a burst of thousands of pods is answered in less. */
const LONGEST_WAIT_MS = 1000;
/** As long as for a namespace that has to be asked for. */
const LONGEST_WAIT_OF_REQUIRED_MS = 3000;

/** Decides without looking at the pod, when there is no time for that. */
export class Shedding {
  readonly #reviewing: Pick<Reviewing, 'namespaces' | 'metrics'>;
  readonly #log: ShedLog;

  constructor(reviewing: Pick<Reviewing, 'namespaces' | 'metrics' | 'log'>) {
    this.#reviewing = reviewing;
    this.#log = new ShedLog(reviewing.log);
  }

  /**
   * The text of the answer to a review that came too late, or undefined: then it is to be decided on. A pod that must carry its agent is never admitted
   * so; it is given more time, and then refused.
   */
  look(body: Buffer, timeout: unknown, waiting: Waiting): string | undefined {
    const limit = timeoutOf(timeout);
    // Three turns pass until the first review of a new connection is read: it is accepted, greeted, and heard.
    if (!isLate(waiting, Math.min(limit / 3, LONGEST_WAIT_MS), limit)) return undefined;
    const seen = glimpse(body);
    const namespace = seen && this.#reviewing.namespaces.get(seen.namespace);
    if (!namespace) return undefined;
    if (!seen.mayBeRequired && !isRequired(undefined, namespace)) return this.#answer(seen.uid, namespace, false);
    if (!isLate(waiting, LONGEST_WAIT_OF_REQUIRED_MS, limit)) return undefined;
    const pod = podIn(body);
    return pod && this.#answer(seen.uid, namespace, isRequired(pod, namespace));
  }

  #answer(uid: string, namespace: Namespace, required: boolean): string {
    this.#reviewing.metrics.reviewed(decisions[`${required}`], namespace.name, 0);
    this.#log.shed(namespace.name, required);
    return answers[`${required}`].join(uid);
  }
}

function isLate({ turn, request }: Waiting, longest: number, limit: number): boolean {
  return turn > longest || request > limit;
}

/** By whether the pod must carry its agent. */
const decisions = {
  false: notInjected({ code: 'overloaded' }, false),
  true: notInjected({ code: 'overloaded' }, true),
};

/** What stands before the uid and what stands after it. No text of ours has this in it. */
const UID = '\u0000uid';
const around = (decision: (typeof decisions)['true']): readonly string[] =>
  JSON.stringify(encodeReview(UID, decision, [])).split(JSON.stringify(UID).slice(1, -1));
const answers = { false: around(decisions.false), true: around(decisions.true) };

/** Undefined for what is no review of a pod: whoever decides says so. */
function podIn(body: Buffer): Pod | undefined {
  try {
    // JSON.parse makes Json of whatever it does not throw on.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const decoded = decodeReview(JSON.parse(body.toString()) as Json);
    return decoded.kind === 'review' ? decoded.review.pod : undefined;
  } catch {
    return undefined;
  }
}
