import { admitInContext, statusOnly } from '../admission/admit.ts';
import { type Decision, notInjected } from '../admission/decision.ts';
import { isOptedIn, isServedBy, optsOut } from '../admission/opt-in.ts';
import type { Review } from '../admission/review.ts';
import { ENABLED, INJECTION_LABEL, REQUIRED, REVISION_LABEL } from '../api/keys.ts';
import type { Namespace, NamespaceLookup } from '../kubernetes/namespace.ts';
import type { Pod } from '../kubernetes/pod.ts';
import type { Operation } from '../lib/json-patch.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { traceOf } from '../lib/stack-trace.ts';
import { isRequired, refusesNothing } from '../settings/required.ts';
import type { DecisionInputs } from './answer-cache/decision-cache.ts';
import type { PlanCache } from './plan-cache.ts';
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

/** How a review was asked: `required` is true on the path for required pods. */
export interface Question {
  readonly required: boolean;
  readonly deadlineMs: number;
}

/** Decides on a review. Never rejects. */
export async function decide(
  dependencies: HandlerDependencies,
  plans: PlanCache,
  review: Review,
  question: Question,
): Promise<DecidedReview> {
  const { pod } = review;
  const { required } = question;
  let namespace: Namespace | undefined;
  let catalogue: Catalogue | undefined;
  try {
    const found = await findNamespace(dependencies, review, question);
    if (found.kind === 'found') ({ namespace } = found);
    catalogue = dependencies.catalogue();
    if (found.kind !== 'found') {
      const mayRefuse = isRequired({ pod, required }) && !refusesNothing(catalogue);
      const decision = withoutNamespace(review.namespace, found, mayRefuse);
      return { decision, operations: statusOnly(decision, { pod, catalogue }).operations };
    }
    const { by } = found;
    const context = { pod, namespace: found.namespace, catalogue, cluster: dependencies.cluster(), required };
    // A namespace that is not cached is another object for each review, so nothing would be found again.
    if (by === 'cache') return { ...plans.admit(context), namespace: found.namespace.name };
    return { ...admitInContext(context), ...(by === 'lookup' && { namespace: found.namespace.name }) };
  } catch (error) {
    dependencies.log.error({ err: traceOf(error), uid: review.uid }, 'internal error while deciding on a review');
    const mayRefuse = isRequired({ pod, namespace, required }) && !(catalogue && refusesNothing(catalogue));
    const decision = notInjected({ code: 'internal-error' }, mayRefuse);
    return { ...unchanged(decision), ...(namespace && { namespace: namespace.name }) };
  }
}

type FoundNamespace =
  | { readonly kind: 'found'; readonly namespace: Namespace; readonly by: 'cache' | 'lookup' | 'assumption' }
  | Exclude<NamespaceLookup, { kind: 'found' }>;

async function findNamespace(
  { catalogue, namespaces }: HandlerDependencies,
  { namespace: name, pod }: Review,
  { required, deadlineMs }: Question,
): Promise<FoundNamespace> {
  const cached = namespaces.get(name);
  if (cached && (!required || isPlausible(cached, pod, catalogue())))
    return { kind: 'found', namespace: cached, by: 'cache' };
  if (needsNoNamespace(pod, required, catalogue()))
    return { kind: 'found', namespace: assumedNamespace(name, required, catalogue()), by: 'assumption' };
  const waitMs = Math.min(deadlineMs, MAX_WAIT_MS);
  const lookup = await (required ? namespaces.fetchLatest(name, waitMs) : namespaces.fetch(name, waitMs));
  return lookup.kind === 'found' ? { ...lookup, by: 'lookup' } : lookup;
}

/** The documented ways out also work if the namespace cannot be read, and so does the switch. */
function needsNoNamespace(pod: Pod, required: boolean, { injection, strictRequired }: Catalogue): boolean {
  return injection?.mode === 'off' || (required && optsOut(pod) && strictRequired !== true);
}

function assumedNamespace(name: string, required: boolean, { revision }: Catalogue): Namespace {
  const label = required ? REQUIRED : ENABLED;
  const labels = { [INJECTION_LABEL]: label, ...(revision !== undefined && { [REVISION_LABEL]: revision }) };
  return { name, labels, annotations: {} };
}

/**
 * False if the API server knows a later state of the namespace: by this one it would not call the path for required pods. What the namespace sets
 * has changed as well then.
 */
function isPlausible(namespace: Namespace, pod: Pod, catalogue: Catalogue): boolean {
  return isOptedIn(namespace) && isServedBy(catalogue, namespace) && isRequired({ pod, namespace });
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
