import { type ContainerSelector, selectTargets } from '../injection/container-selection.ts';
import type { InjectionContext } from '../injection/context.ts';
import { type EnvFromLookup, envFromPresence } from '../injection/env/env-from.ts';
import { type ImageLookup, imageValues } from '../injection/image/value.ts';
import type { ContainerOutcome } from '../injection/outcome.ts';
import { applyPatch, patchFor } from '../injection/patch.ts';
import { EMPTY_PLAN, type Plan, planInjection } from '../injection/plan.ts';
import { tracer } from '../injection/trace.ts';
import { brokenRule } from '../injection/verify/pod.ts';
import { imageFactsOf } from '../kubernetes/images/facts.ts';
import type { Container, Pod } from '../kubernetes/pod.ts';
import { type Operation, patchText } from '../lib/json-patch.ts';
import type { Result } from '../lib/result.ts';
import type { Reason } from '../reasons/reason.ts';
import { ineffectiveSettings } from '../settings/ineffective-settings.ts';
import { isRequired } from '../settings/required.ts';
import { unknownKeysIn } from '../settings/unknown-keys.ts';
import { type Decision, injectedDecision, missingAgent, notInjected, primaryReason } from './decision.ts';
import { ignoredExclusion, reasonToSkip } from './opt-in.ts';
import { passOf } from './pass.ts';
import { exceedsAnnotations, fittingStatus, statusText } from './status-text.ts';

/** A decision, and what it changes in the pod. */
export interface PlannedDecision {
  readonly decision: Decision;
  readonly plan: Plan;
  /** The status annotation, where the pod has room for it. */
  readonly status: string | undefined;
}

/** One pass over a pod: opt-in, container selection, plan, status. */
export function planDecision(context: InjectionContext): PlannedDecision {
  const { decision, plan } = decide(context);
  const pass = passOf(decision, context.pod, context.catalogue);
  return { decision: pass ? { ...decision, pass } : decision, plan, status: statusFor(decision, context) };
}

/** A refused pod is never created, so it needs no status. */
export function statusFor(
  decision: Decision,
  { pod, catalogue }: Pick<InjectionContext, 'pod' | 'catalogue'>,
): string | undefined {
  return decision.outcome === 'refused' ? undefined : statusText(decision, pod, catalogue);
}

/** A pod with a patch applied. */
export interface PatchedPod {
  readonly operations: readonly Operation[];
  readonly pod: Pod;
}

/** Patches the pod, and verifies the patched one without regard to the plan. */
export function patchPod(
  context: InjectionContext,
  { plan, status }: Pick<PlannedDecision, 'plan' | 'status'>,
): Result<PatchedPod, Reason> {
  const { pod } = context;
  const operations = patchFor(pod, plan, fittingStatus(pod, status));
  if (operations.length === 0) return { ok: true, value: { operations, pod } };
  const size = sizeOf(operations);
  if (size > MAX_PATCH_LENGTH) return { ok: false, error: { code: 'patch-too-large', size } };
  const patched = applyPatch(pod, operations);
  if (exceedsAnnotations(pod, patched)) return { ok: false, error: { code: 'annotations-full' } };
  const envFrom = (container: Container): EnvFromLookup => envFromPresence(context, container);
  const imageValue = (container: Container): ImageLookup => imageValues(imageFactsOf(context.cluster, container));
  const { changes, omitsSeccomp } = plan;
  const rule = brokenRule(pod, patched, { changes, envFrom, imageValue, omitsSeccomp });
  return rule === undefined
    ? { ok: true, value: { operations, pod: patched } }
    : { ok: false, error: { code: 'rule-broken', rule } };
}

/** In characters of JSON; base64 adds a third. The API server does not limit the size of answers. */
const MAX_PATCH_LENGTH = 192 * 1024;

/** A hand-written pod has no operation above the limit, so only patches with more operations than usual are measured. */
const USUAL_OPERATIONS = 24;

function sizeOf(operations: readonly Operation[]): number {
  return operations.length <= USUAL_OPERATIONS ? 0 : patchText(operations).length;
}

function decide(context: InjectionContext): Pick<PlannedDecision, 'decision' | 'plan'> {
  const required = isRequired(context);
  const skip = (reason: Reason, notices: readonly Reason[]): ReturnType<typeof decide> => ({
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

function noTarget({ targets, unmatched }: ContainerSelector): Reason | undefined {
  return targets.length > 0
    ? undefined
    : { code: 'no-target-container', profile: undefined, ...(unmatched && { unmatched }) };
}

function decisionOn(containers: readonly ContainerOutcome[], required: boolean, notices: readonly Reason[]): Decision {
  const missing = required ? missingAgent(containers) : undefined;
  if (missing) return notInjected(missing, required, { containers, notices });
  if (containers.some(({ outcome }) => outcome === 'injected')) return injectedDecision(containers, required, notices);
  return notInjected(primaryReason(containers), required, { containers, notices });
}
