import { admit, statusOnly } from '../admission/admit.ts';
import { type Decision, notInjected } from '../admission/decision.ts';
import { isRequired } from '../admission/opt-in.ts';
import type { Review } from '../admission/review.ts';
import type { NamespaceLookup } from '../kubernetes/namespace.ts';
import type { Operation } from '../lib/json-patch.ts';
import { traceOf } from '../lib/stack-trace.ts';
import type { DecisionInputs } from './answer-cache/answer-cache.ts';
import { recordLookups } from './answer-cache/lookup-recorder.ts';
import { MAX_WAIT_MS } from './deadline.ts';
import type { HandlerDependencies } from './dependencies.ts';

export interface DecidedReview {
  readonly decision: Decision;
  readonly operations: readonly Operation[];
  /** Undefined unless the namespace is known to exist. */
  readonly namespace?: string;
  /** Undefined if the answer must not be cached. */
  readonly inputs?: DecisionInputs;
}

/** Decides on a review. Never rejects. */
export async function decide(
  { catalogue, cluster, namespaces, log }: HandlerDependencies,
  { uid, namespace: name, pod }: Review,
  deadlineMs: number,
): Promise<DecidedReview> {
  const cached = namespaces.get(name);
  let namespace = cached;
  try {
    if (!namespace) {
      const lookup = await namespaces.fetch(name, Math.min(deadlineMs, MAX_WAIT_MS));
      if (lookup.kind !== 'found') {
        const decision = withoutNamespace(name, lookup, isRequired(pod, undefined));
        return { decision, operations: statusOnly(decision, { pod, catalogue: catalogue() }).operations };
      }
      ({ namespace } = lookup);
    }
    const inputs = { catalogue: catalogue(), lookups: recordLookups(cluster()) };
    const admission = admit(pod, namespace, inputs.catalogue, inputs.lookups.cluster);
    return { ...admission, namespace: namespace.name, ...(cached && { inputs: { namespace: cached, ...inputs } }) };
  } catch (error) {
    log.error({ err: traceOf(error), uid }, 'internal error while deciding on a review');
    const decision = notInjected({ code: 'internal-error' }, isRequired(pod, namespace));
    return { ...unchanged(decision), ...(namespace && { namespace: namespace.name }) };
  }
}

export function unchanged(decision: Decision): DecidedReview {
  return { decision, operations: [] };
}

function withoutNamespace(
  name: string,
  lookup: Exclude<NamespaceLookup, { kind: 'found' }>,
  required: boolean,
): Decision {
  return lookup.kind === 'absent'
    ? notInjected({ code: 'namespace-unknown', namespace: name }, required)
    : notInjected({ code: 'namespace-unavailable', namespace: name, why: lookup.why }, required);
}
