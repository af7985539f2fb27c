import type { FastifyReply, FastifyRequest } from 'fastify';
import { notInjected, decisionSummary } from '../admission/decision.ts';
import { type DecodedReview, decodeReview } from '../admission/review.ts';
import { encodeVerdict } from '../admission/resource-review.ts';
import { encodeAdvice } from '../admission/workload-review.ts';
import type { Clock } from '../lib/clock.ts';
import type { JsonObject } from '../lib/json.ts';
import { oneLine } from '../lib/text.ts';
import { adviseOn } from './advise.ts';
import { AnswerCache } from './answer-cache/answer-cache.ts';
import { type CacheKey, cacheKey } from './answer-cache/cache-key.ts';
import { readReviewKey } from './answer-cache/review-key.ts';
import { PlanCache } from './plan-cache.ts';
import { parseBody } from './body.ts';
import { answerDeadlineMs } from './deadline.ts';
import { decide, type DecidedReview, unchanged } from './decide.ts';
import type { HandlerDependencies } from './dependencies.ts';
import { judge } from './judge.ts';
import type { QueueDelay } from './load-shedding/queue-delay.ts';
import { LoadShedder } from './load-shedding/shedder.ts';
import { RequestError } from './request-error.ts';
import { answerText, mentions, render, type RenderedAnswer, sizeOf } from './render-answer.ts';

export interface ReviewRequest {
  readonly Querystring: { readonly timeout?: unknown };
  readonly Body: Buffer | undefined;
}

type Advised = Extract<DecodedReview, { readonly kind: 'workload' | 'resource' | 'unadvised' }>;

/** Handles the two paths: answers a review from the cache, sheds it under overload, or parses it and decides. */
export class MutateHandler {
  readonly #dependencies: HandlerDependencies;
  readonly #queueDelay: (request: FastifyRequest) => QueueDelay;
  readonly #cache = new AnswerCache<RenderedAnswer>();
  readonly #plans = new PlanCache();
  readonly #shedder: LoadShedder;
  readonly #clock: Clock;

  constructor(dependencies: HandlerDependencies, queueDelay: (request: FastifyRequest) => QueueDelay, clock: Clock) {
    this.#dependencies = dependencies;
    this.#queueDelay = queueDelay;
    this.#shedder = new LoadShedder(dependencies, clock);
    this.#clock = clock;
  }

  /** Answers every review that has a uid with status 200, and refuses a pod only by decision. Throws a RequestError for anything else. */
  handle(
    request: FastifyRequest<ReviewRequest>,
    reply: FastifyReply,
    required: boolean,
  ): FastifyReply | Promise<FastifyReply> {
    const respond = this.#responder(reply);
    const { body = Buffer.alloc(0) } = request;
    const key = readReviewKey(body, required);
    const template = key && cacheKey(key.template);
    const cached = template && this.#cache.find(template, this.#dependencies);
    if (cached) {
      this.#dependencies.metrics.recordCachedAnswer();
      return respond(key.uid, cached);
    }
    const question = { required, deadlineMs: answerDeadlineMs(request.query.timeout) };
    const shed = this.#shedder.evaluate(body, question, this.#queueDelay(request));
    if (shed !== undefined) return sendJson(reply, shed);

    const { log } = this.#dependencies;
    const decoded = decodeReview(parseBody(body));
    if (decoded.kind === 'invalid') throw new RequestError(400, decoded.message);
    if (decoded.kind === 'unanswerable') {
      return respond(decoded.uid, render(log, undefined, unchanged(notInjected(decoded.reason, required))));
    }
    if (decoded.kind !== 'review')
      return this.#advice(decoded, question.deadlineMs).then((answer) => sendJson(reply, JSON.stringify(answer)));
    const { review } = decoded;
    return decide(this.#dependencies, this.#plans, review, question).then((decided) => {
      const answer = render(log, review, decided);
      if (template) this.#storeAnswer(template, key.volume, decided, answer);
      return respond(review.uid, answer);
    });
  }

  /** The answer about an object that is not a pod. */
  async #advice(decoded: Advised, deadlineMs: number): Promise<JsonObject> {
    if (decoded.kind === 'unadvised') return encodeAdvice(decoded.uid, []);
    const { uid } = decoded.review;
    return decoded.kind === 'workload'
      ? encodeAdvice(uid, await adviseOn(this.#dependencies, decoded.review, deadlineMs))
      : encodeVerdict(uid, await judge(this.#dependencies, decoded.review));
  }

  /** Counts, logs and sends an answer. The time to answer is measured from this call. */
  #responder(reply: FastifyReply): (uid: string, answer: RenderedAnswer) => FastifyReply {
    const { metrics, onDecision } = this.#dependencies;
    const startedAt = this.#clock.now();
    return (uid, { decision, namespace, pod, text, logger }) => {
      const durationMs = this.#clock.now() - startedAt;
      metrics.recordReview(decision, namespace, durationMs / 1000);
      logger.info({ uid: oneLine(uid, 128), durationMs: Math.round(durationMs * 1000) / 1000 }, 'decision');
      if (onDecision && pod) setImmediate(onDecision, pod.namespace, pod, decision);
      return sendJson(reply, answerText(uid, text));
    };
  }

  #storeAnswer(template: CacheKey, volume: string | undefined, decided: DecidedReview, answer: RenderedAnswer): void {
    // Most templates are never seen again, and an answer with the name of the volume is only right for its own pod.
    if (!decided.inputs || !this.#cache.wasSeenBefore(template) || mentions(answer, decided, volume)) return;
    const stored = { ...answer, decision: decisionSummary(decided.decision) };
    this.#cache.store(template, stored, decided.inputs, sizeOf(stored));
  }
}

function sendJson(reply: FastifyReply, text: string): FastifyReply {
  return reply.header('content-type', 'application/json; charset=utf-8').send(text);
}
