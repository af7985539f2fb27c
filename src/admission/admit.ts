import { type Selection, selectTargets } from '../injection/container-selection.ts';
import type { InjectionContext } from '../injection/context.ts';
import { envFromPresence } from '../injection/env/env-from.ts';
import type { ContainerOutcome } from '../injection/outcome.ts';
import { applyOperations, patchFor } from '../injection/patch.ts';
import { planInjection, EMPTY_PLAN, type Plan } from '../injection/plan.ts';
import { tracer } from '../injection/trace.ts';
import { brokenRule, type Permitted } from '../injection/verify/pod.ts';
import { type ClusterState, unknownCluster } from '../kubernetes/cluster-state.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import type { Pod } from '../kubernetes/pod.ts';
import type { Operation } from '../lib/json-patch.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Reason } from '../reasons/reason.ts';
import { unknownKeysIn } from '../settings/unknown-keys.ts';
import { type Decision, primaryReason, notInjected } from './decision.ts';
import { isRequired, reasonToSkip } from './opt-in.ts';
import { fitsBeside, statusText } from './status-text.ts';

/** The decision on a pod, the operations that carry it out, and the pod that they make. */
export interface Admission {
  readonly decision: Decision;
  readonly operations: readonly Operation[];
  readonly pod: Pod;
}

/**
 * Decides on one pod: policy → settings → plan → patch → apply → check. Pure, and the same for the server, the command line and the tests.
 * The operations have been applied and the result holds the rules; where it would not, the pod is left as it is and the decision says so.
 */
export function admit(
  pod: Pod,
  namespace: Namespace,
  catalogue: Catalogue,
  cluster: ClusterState = unknownCluster,
): Admission {
  return admitInContext({ pod, namespace, catalogue, cluster });
}

/** As `admit`; what is asked on the way is told to the layers' trace, if there is one. */
export function admitInContext(context: InjectionContext): Admission {
  const { pod, namespace } = context;
  const { decision, operations, plan } = pass(context);
  if (operations.length === 0) return { decision, operations, pod };
  const unchanged = (reason: Reason): Admission => ({
    decision: notInjected(reason, isRequired(pod, namespace), {
      ...decision,
      containers: withoutAny(decision, reason),
    }),
    operations: [],
    pod,
  });
  const size = sizeOf(operations);
  if (size > MAX_PATCH_LENGTH) return unchanged({ code: 'patch-too-large', size });
  const after = applyOperations(pod, operations);
  const rule =
    brokenRule(pod, after, permittedBy(plan, context)) ?? unsettled({ ...context, pod: after, trace: undefined });
  return rule === undefined ? { decision, operations, pod: after } : unchanged({ code: 'rule-broken', rule });
}

/** What was to go in does not, since the patch as a whole is thrown away. */
function withoutAny({ containers }: Decision, reason: Reason): readonly ContainerOutcome[] {
  return containers.map((one) =>
    one.outcome === 'injected' ? { outcome: 'skipped', container: one.container, profile: one.profile, reason } : one,
  );
}

function permittedBy({ changes }: Plan, context: InjectionContext): Permitted {
  return {
    changes,
    provided: (container) => envFromPresence(context, container),
  };
}

/** In characters of JSON; as base64 it is a third more. The API server reads an answer of any size into its memory: we set the bound. */
const MAX_PATCH_LENGTH = 192 * 1024;

/** No operation of a pod that people write is larger than this: only a patch of many is worth measuring. */
const USUAL_OPERATIONS = 24;

function sizeOf(operations: readonly Operation[]): number {
  return operations.length <= USUAL_OPERATIONS ? 0 : JSON.stringify(operations).length;
}

interface Pass {
  readonly plan: Plan;
  readonly decision: Decision;
  readonly operations: readonly Operation[];
}

function pass(context: InjectionContext): Pass {
  const { decision, plan } = decide(context);
  // A refused pod is never created: nobody would see a record on it.
  const status = decision.outcome === 'refused' ? undefined : statusText(decision, context.pod);
  const record = status !== undefined && fitsBeside(context.pod, status) ? status : undefined;
  return { plan, decision, operations: patchFor(context.pod, plan, record) };
}

/** A second pass over its own result must find nothing to do: the API server calls again after other webhooks. */
function unsettled(context: InjectionContext): string | undefined {
  return pass(context).operations.length === 0 ? undefined : 'a second pass over the patched pod would change it again';
}

function decide(context: InjectionContext): { readonly decision: Decision; readonly plan: Plan } {
  const required = isRequired(context.pod, context.namespace);
  const reason = reasonToSkip(context);
  if (reason) {
    // Who asked for nothing is told nothing; but an opt-out may be a typing error away from what was meant.
    const notices = reason.code === 'opted-out' ? unknownKeysIn(context) : [];
    return { decision: notInjected(reason, required, { notices }), plan: EMPTY_PLAN };
  }
  const selected = selectTargets(context);
  tellTargets(context, selected);
  const unknown = unknownKeysIn(context);
  if (!selected.ok) return { decision: notInjected(selected.reason, required, { notices: unknown }), plan: EMPTY_PLAN };
  const notices = [...selected.notices, ...unknown];
  if (selected.selector.targets.length === 0) {
    const nothing: Reason = { code: 'no-target-container', profile: undefined };
    return { decision: notInjected(nothing, required, { notices }), plan: EMPTY_PLAN };
  }
  const planned = planInjection(context, selected.selector);
  return { decision: decideOn(planned.outcomes, required, [...notices, ...planned.notices]), plan: planned.plan };
}

const TARGETS = { name: 'targets', holds: 'a container is selected for injection' };

function tellTargets({ trace }: InjectionContext, selected: Selection): void {
  if (!trace) return;
  const tell = tracer(trace, 'containers', {});
  if (!selected.ok) tell(TARGETS, selected.reason);
  else
    tell(
      TARGETS,
      selected.selector.targets.length > 0 ? undefined : { code: 'no-target-container', profile: undefined },
    );
}

function decideOn(containers: readonly ContainerOutcome[], required: boolean, notices: readonly Reason[]): Decision {
  if (containers.some(({ outcome }) => outcome === 'injected')) return { outcome: 'injected', containers, notices };
  return notInjected(primaryReason(containers), required, { containers, notices });
}
