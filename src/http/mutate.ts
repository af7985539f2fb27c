import type { FastifyReply, FastifyRequest } from 'fastify';
import { admit } from '../core/admit.ts';
import type { Catalogue } from '../core/catalogue.ts';
import type { Cluster } from '../core/cluster.ts';
import { notInjected, type Decision } from '../core/decision.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { Namespace, NamespaceLookup } from '../core/namespace.ts';
import type { Operation } from '../core/operation.ts';
import type { Pod } from '../core/pod.ts';
import { isRequired } from '../core/policy.ts';
import { decodeReview, encodeReview, type Review } from '../core/review.ts';
import { timeoutOf } from './deadline.ts';
import { decisionFields } from './decision-log.ts';
import type { Metrics } from './metrics.ts';

/** Where namespaces are known from: the cluster's cache, a file, or the sample. */
export interface Namespaces {
  /** From the cache, without I/O. */
  readonly get: (name: string) => Namespace | undefined;
  /** Asks once for a namespace that is not in the cache. Never rejects. */
  readonly fetch: (name: string, deadlineMs: number) => Promise<NamespaceLookup>;
}

export interface Logger {
  readonly info: (fields: object, message: string) => void;
  readonly error: (fields: object, message: string) => void;
}

export interface Reviewing {
  /** Asked anew for each review, so that profiles can be exchanged while the server runs. */
  readonly catalogue: () => Catalogue;
  /** What is known of the cluster, asked anew for each review. Without it, nothing is. */
  readonly cluster?: () => Cluster;
  readonly namespaces: Namespaces;
  readonly metrics: Pick<Metrics, 'reviewed'>;
  readonly log: Logger;
  /** Is told of a decision once its answer is on its way, unless the review was of a dry run. It must not throw, and nobody waits for it. */
  readonly decided?: (namespace: string, pod: Pod, decision: Decision) => void;
}

interface Answer {
  readonly decision: Decision;
  readonly operations: readonly Operation[];
  /** The pod's namespace, where it is known to exist. */
  readonly namespace?: string;
}

/** The handler of POST /mutate. Whatever happens inside, a review with a uid is answered with 200, and refused only by decision. */
export function mutateHandler(reviewing: Reviewing) {
  return async (
    request: FastifyRequest<{ Querystring: { timeout?: unknown } }>,
    reply: FastifyReply,
  ): Promise<JsonObject> => {
    const started = performance.now();
    // The body has been made by the JSON parser of this server.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const decoded = decodeReview(request.body as Json | undefined);
    if (decoded.kind === 'invalid') return reply.code(400).type('text/plain').send(decoded.message);
    if (decoded.kind === 'unanswerable') {
      return conclude(reviewing, { uid: decoded.uid, started }, unchanged(notInjected(decoded.reason, false)));
    }
    const { review } = decoded;
    const answer = await decide(reviewing, review, lookupDeadline(request.query.timeout));
    return conclude(reviewing, { uid: review.uid, started, review }, answer);
  };
}

interface Circumstances {
  readonly uid: string;
  /** By `performance.now()`. */
  readonly started: number;
  readonly review?: Review;
}

/** Counts and logs the decision, and makes its answer. */
function conclude(
  { metrics, log, decided }: Reviewing,
  { uid, started, review }: Circumstances,
  answer: Answer,
): JsonObject {
  const { decision, operations } = answer;
  const durationMs = performance.now() - started;
  metrics.reviewed(decision, answer.namespace, durationMs / 1000);
  const at = {
    uid,
    namespace: review?.namespace ?? '',
    dryRun: review?.dryRun ?? false,
    operations: operations.length,
    durationMs,
  };
  log.info(decisionFields(decision, review?.pod, at), 'decision');
  if (decided && review && !review.dryRun) setImmediate(decided, review.namespace, review.pod, decision);
  return encodeReview(uid, decision, operations);
}

async function decide(reviewing: Reviewing, review: Review, deadlineMs: number): Promise<Answer> {
  const { catalogue, cluster, namespaces, log } = reviewing;
  const { pod } = review;
  let namespace = namespaces.get(review.namespace);
  try {
    if (!namespace) {
      const lookup = await namespaces.fetch(review.namespace, deadlineMs);
      if (lookup.kind !== 'found') return withoutNamespace(review.namespace, lookup, pod);
      ({ namespace } = lookup);
    }
    return { ...admit(pod, namespace, catalogue(), cluster?.()), namespace: namespace.name };
  } catch (error) {
    log.error({ err: error, uid: review.uid }, 'a review failed; the pod is left as it is');
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
const LONGEST_LOOKUP_MS = 3000;

/** How long a look-up may take: so long that there is time left for the answer. */
function lookupDeadline(timeout: unknown): number {
  return Math.min(LONGEST_LOOKUP_MS, timeoutOf(timeout));
}
