import type { FastifyReply, FastifyRequest } from 'fastify';
import { admit } from '../admission/admit.ts';
import { type Decision, notInjected, summaryOf } from '../admission/decision.ts';
import { isRequired } from '../admission/opt-in.ts';
import { decodeReview, type Review } from '../admission/review.ts';
import { type ClusterState, unknownCluster } from '../kubernetes/cluster-state.ts';
import type { NamespaceLookup } from '../kubernetes/namespace.ts';
import type { Pod } from '../kubernetes/pod.ts';
import type { Json } from '../lib/json.ts';
import { traceOf } from '../lib/stack-trace.ts';
import { oneLine } from '../lib/text.ts';
import { AnswerCache, type CurrentInputs } from './answer-cache/answer-cache.ts';
import { recordLookups } from './answer-cache/consulted-cluster.ts';
import { readReviewKey } from './answer-cache/review-key.ts';
import { timeoutOf } from './deadline.ts';
import type { HandlerDependencies } from './dependencies.ts';
import type { QueueDelay } from './load-shedding/queue-delay.ts';
import { LoadShedder } from './load-shedding/shedder.ts';
import { type Answer, answerTo, render, type Rendered, reportsEvents } from './respond.ts';

/** A request of the API server, its body as it came. */
export interface ReviewRequest {
  readonly Querystring: { readonly timeout?: unknown };
  readonly Body: Buffer | undefined;
}

/** Makes JSON of a body, or throws what the server's error handler answers. */
export type ParseBody = (request: FastifyRequest, body: Buffer) => Json;

/** What the handler asks the server that it is in. */
export interface RequestReaders {
  readonly parse: ParseBody;
  /** How long a request that is whole now has waited. */
  readonly waiting: (request: FastifyRequest<ReviewRequest>) => QueueDelay;
}

/** A body of this length is not looked for among known answers: the text alone would be most of what may be kept. */
const MAX_CACHED_LENGTH = 256 * 1024;

/** The handler of POST /mutate. Whatever happens inside, a review with a uid is answered with 200, and refused only by decision. */
export function mutateHandler(reviewing: HandlerDependencies, { parse, waiting }: RequestReaders) {
  const answers = new AnswerCache<Rendered>();
  const shedding = new LoadShedder(reviewing);
  const present: CurrentInputs = {
    namespace: (name) => reviewing.namespaces.get(name),
    catalogue: reviewing.catalogue,
    cluster: clusterOf(reviewing),
  };
  return (request: FastifyRequest<ReviewRequest>, reply: FastifyReply): Promise<FastifyReply> | FastifyReply => {
    const started = performance.now();
    const { body = Buffer.alloc(0) } = request;
    const text = body.length <= MAX_CACHED_LENGTH ? readReviewKey(body.toString('latin1')) : undefined;
    const known = text && answers.find(text.template, present);
    if (known) {
      reviewing.metrics.recalled();
      return conclude(reviewing, known, { uid: text.uid, started, reply });
    }
    const unseen = shedding.evaluate(body, request.query.timeout, waiting(request), () => parse(request, body));
    if (unseen !== undefined) return send(reply, unseen);

    const decoded = decodeReview(parse(request, body));
    if (decoded.kind === 'invalid') return reply.code(400).type('text/plain').send(decoded.message);
    const { uid } = decoded.kind === 'review' ? decoded.review : decoded;
    if (decoded.kind === 'unanswerable') {
      const answer = unchanged(notInjected(decoded.reason, false));
      return conclude(reviewing, render(reviewing.log, undefined, answer), { uid, started, reply });
    }
    const { review } = decoded;
    return decide(reviewing, review, lookupDeadline(request.query.timeout)).then((answer) => {
      const made = render(reviewing.log, review, answer);
      if (text && answer.grounds && answers.isWanted(text.template) && !reportsEvents(made, answer, text.left)) {
        answers.store(text.template, { ...made, decision: summaryOf(answer.decision) }, answer.grounds, sizeOf(made));
      }
      return conclude(reviewing, made, { uid, started, reply });
    });
  };
}

/** What is kept beside text and answer, in characters: the pod's metadata, the fields of the log line, what became of each container. */
const KEPT = 4096;

const KEPT_OF_CONTAINER = 512;

function sizeOf({ answer, decision }: Rendered): number {
  return answer[1].length + KEPT + decision.containers.length * KEPT_OF_CONTAINER;
}

interface Circumstances {
  readonly uid: string;
  /** By `performance.now()`. */
  readonly started: number;
  readonly reply: FastifyReply;
}

/** Counts and logs the decision, and sends its answer. */
function conclude(
  { metrics, decided }: HandlerDependencies,
  { decision, namespace, pod, answer, line }: Rendered,
  { uid, started, reply }: Circumstances,
): FastifyReply {
  const durationMs = performance.now() - started;
  metrics.reviewed(decision, namespace, durationMs / 1000);
  line.info({ uid: oneLine(uid, 128), durationMs: Math.round(durationMs * 1000) / 1000 }, 'decision');
  if (decided && pod) setImmediate(decided, pod.namespace, pod, decision);
  return send(reply, answerTo(uid, answer));
}

function send(reply: FastifyReply, text: string): FastifyReply {
  return reply.header('content-type', 'application/json; charset=utf-8').send(text);
}

function clusterOf({ cluster }: HandlerDependencies): () => ClusterState {
  return cluster ?? (() => unknownCluster);
}

async function decide(reviewing: HandlerDependencies, review: Review, deadlineMs: number): Promise<Answer> {
  const { catalogue, namespaces, log } = reviewing;
  const { pod } = review;
  const cached = namespaces.get(review.namespace);
  let namespace = cached;
  try {
    if (!namespace) {
      const lookup = await namespaces.fetch(review.namespace, deadlineMs);
      if (lookup.kind !== 'found') return withoutNamespace(review.namespace, lookup, pod);
      ({ namespace } = lookup);
    }
    const now = { catalogue: catalogue(), consulted: recordLookups(clusterOf(reviewing)()) };
    const admission = admit(pod, namespace, now.catalogue, now.consulted.facts);
    return { ...admission, namespace: namespace.name, ...(cached && { grounds: { namespace: cached, ...now } }) };
  } catch (error) {
    log.error({ err: traceOf(error), uid: review.uid }, 'a review failed; the pod is left as it is');
    return {
      ...unchanged(notInjected({ code: 'internal-error' }, isRequired(pod, namespace))),
      ...(namespace && { namespace: namespace.name }),
    };
  }
}

function withoutNamespace(name: string, lookup: Exclude<NamespaceLookup, { kind: 'found' }>, pod: Pod): Answer {
  const required = isRequired(pod, undefined);
  return lookup.kind === 'absent'
    ? unchanged(notInjected({ code: 'namespace-unknown', namespace: name }, required))
    : unchanged(notInjected({ code: 'namespace-unavailable', namespace: name, why: lookup.why }, required));
}

function unchanged(decision: Decision): Answer {
  return { decision, operations: [] };
}

/** A namespace look-up may take this long at most, however patient the API server is: somebody waits for the pod. */
const MAX_LOOKUP_MS = 3000;

/** How long a look-up may take: so long that there is time left for the answer. */
function lookupDeadline(timeout: unknown): number {
  return Math.min(MAX_LOOKUP_MS, timeoutOf(timeout));
}
