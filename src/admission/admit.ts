import { type ContainerSelector, selectTargets } from '../injection/container-selection.ts';
import { envFromPresence } from '../injection/env/env-from.ts';
import type { ContainerOutcome } from '../injection/outcome.ts';
import { applyPatch, patchFor } from '../injection/patch.ts';
import { planInjection, EMPTY_PLAN, type Plan } from '../injection/plan.ts';
import type { InjectionContext } from '../injection/context.ts';
import { tracer } from '../injection/trace.ts';
import { brokenRule } from '../injection/verify/pod.ts';
import { type ClusterState, unknownCluster } from '../kubernetes/cluster-state.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import type { Pod } from '../kubernetes/pod.ts';
import type { Operation } from '../lib/json-patch.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Reason } from '../reasons/reason.ts';
import { ineffectiveSettings } from '../settings/ineffective-settings.ts';
import { isRequired } from '../settings/required.ts';
import { unknownKeysIn } from '../settings/unknown-keys.ts';
import { type Decision, missingAgent, notInjected, primaryReason, withoutInjection } from './decision.ts';
import { ignoredExclusion, reasonToSkip } from './opt-in.ts';
import { exceedsAnnotations, fittingStatus, statusText } from './status-text.ts';

export interface Admission {
  readonly decision: Decision;
  readonly operations: readonly Operation[];
  readonly pod: Pod;
}

/** Decides on a pod and verifies the patched pod. Pure, and the same for the server, the command line and the tests. */
export function admit(
  pod: Pod,
  namespace: Namespace,
  catalogue: Catalogue,
  cluster: ClusterState = unknownCluster,
): Admission {
  return admitInContext({ pod, namespace, catalogue, cluster });
}

/** Like `admit`, and traces the rules that are evaluated, except those of the second pass. */
export function admitInContext(context: InjectionContext): Admission {
  const first = decideAndPatch(context);
  const { decision, operations } = first;
  if (operations.length === 0) return { decision, operations, pod: context.pod };
  const size = sizeOf(operations);
  if (size > MAX_PATCH_LENGTH) return withoutPatch(context, decision, { code: 'patch-too-large', size });
  const patched = applyPatch(context.pod, operations);
  if (exceedsAnnotations(context.pod, patched)) return withoutPatch(context, decision, { code: 'annotations-full' });
  const rule = verifyFirstPass(context, first.plan, patched) ?? verifySecondPass(context, patched);
  if (rule !== undefined) return withoutPatch(context, decision, { code: 'rule-broken', rule });
  return { decision, operations, pod: patched };
}

function verifyFirstPass(context: InjectionContext, { changes }: Plan, patched: Pod): string | undefined {
  return brokenRule(context.pod, patched, { changes, envFrom: (container) => envFromPresence(context, container) });
}

/** The API server calls a webhook again after other webhooks have changed the pod, so a second pass must not change anything. */
function verifySecondPass(context: InjectionContext, patched: Pod): string | undefined {
  const { decision, operations } = decideAndPatch({ ...context, pod: patched, trace: undefined });
  if (operations.length > 0) return 'a second pass over the patched pod would change it again';
  return decision.outcome === 'refused' ? 'a second pass over the patched pod would refuse it' : undefined;
}

function withoutPatch(context: InjectionContext, { containers, notices }: Decision, reason: Reason): Admission {
  const skipped = containers.map(withoutInjection(reason));
  const decision = notInjected(reason, isRequired(context), { notices, containers: skipped });
  return { decision, ...statusOnly(decision, context) };
}

/** The operations that replace a status that agent-injector did not write, where nothing else changes. */
export function statusOnly(
  decision: Decision,
  context: Pick<InjectionContext, 'pod' | 'catalogue'>,
): Pick<Admission, 'operations' | 'pod'> {
  const operations = patchFor(context.pod, EMPTY_PLAN, statusFor(decision, context));
  return { operations, pod: operations.length === 0 ? context.pod : applyPatch(context.pod, operations) };
}

/** In characters of JSON; base64 adds a third. The API server does not limit the size of answers. */
const MAX_PATCH_LENGTH = 192 * 1024;

/** A hand-written pod has no operation above the limit, so only patches with more operations than usual are measured. */
const USUAL_OPERATIONS = 24;

function sizeOf(operations: readonly Operation[]): number {
  return operations.length <= USUAL_OPERATIONS ? 0 : JSON.stringify(operations).length;
}

interface PlannedDecision {
  readonly decision: Decision;
  readonly plan: Plan;
}

/** One pass: opt-in, container selection, plan, status annotation, patch. */
function decideAndPatch(context: InjectionContext): PlannedDecision & { readonly operations: readonly Operation[] } {
  const { decision, plan } = decide(context);
  return { decision, plan, operations: patchFor(context.pod, plan, statusFor(decision, context)) };
}

/** A refused pod is never created, so it needs no status. */
function statusFor(
  decision: Decision,
  { pod, catalogue }: Pick<InjectionContext, 'pod' | 'catalogue'>,
): string | undefined {
  return decision.outcome === 'refused' ? undefined : fittingStatus(pod, statusText(decision, pod, catalogue));
}

function decide(context: InjectionContext): PlannedDecision {
  const required = isRequired(context);
  const skip = (reason: Reason, notices: readonly Reason[]): PlannedDecision => ({
    decision: notInjected(reason, required, { notices }),
    plan: EMPTY_PLAN,
  });
  const optedOut = reasonToSkip(context);
  // Report unknown and locked keys for an opt-out, which may be a typo; pods that request nothing get no notices.
  if (optedOut) return skip(optedOut, optedOut.code === 'opted-out' ? ineffectiveKeysIn(context) : []);
  const ineffectiveKeys = ineffectiveKeysIn(context);
  const selector = selectTargets(context);
  const reason = selector.ok ? noTarget(selector.value) : selector.error;
  if (context.trace) tracer(context.trace, 'containers', {})(TARGETS, reason);
  if (!selector.ok) return skip(selector.error, ineffectiveKeys);
  const notices = [...selector.value.notices, ...ineffectiveKeys];
  if (reason) return skip(reason, notices);
  const planned = planInjection(context, selector.value);
  const decision = decisionOn(planned.outcomes, required, [...notices, ...planned.notices]);
  return { decision, plan: decision.outcome === 'refused' ? EMPTY_PLAN : planned.plan };
}

function ineffectiveKeysIn(context: InjectionContext): readonly Reason[] {
  return [...ineffectiveSettings(context), ...ignoredExclusion(context), ...unknownKeysIn(context)];
}

const TARGETS = { name: 'targets', holds: 'a container is selected for injection' };

function noTarget({ targets }: ContainerSelector): Reason | undefined {
  return targets.length > 0 ? undefined : { code: 'no-target-container', profile: undefined };
}

function decisionOn(containers: readonly ContainerOutcome[], required: boolean, notices: readonly Reason[]): Decision {
  const missing = required ? missingAgent(containers) : undefined;
  if (missing) return notInjected(missing, required, { containers, notices });
  if (containers.some(({ outcome }) => outcome === 'injected')) return { outcome: 'injected', containers, notices };
  return notInjected(primaryReason(containers), required, { containers, notices });
}
