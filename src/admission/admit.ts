import { patchFor, applyPatch } from '../injection/patch.ts';
import { EMPTY_PLAN } from '../injection/plan.ts';
import type { InjectionContext } from '../injection/context.ts';
import { type ClusterState, unknownCluster } from '../kubernetes/cluster-state.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import type { Pod } from '../kubernetes/pod.ts';
import type { Operation } from '../lib/json-patch.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Reason } from '../reasons/reason.ts';
import { isRequired } from '../settings/required.ts';
import { type Decision, notInjected, withoutInjection } from './decision.ts';
import { isRehearsal, rehearsed } from './rehearsal.ts';
import { type PatchedPod, patchPod, planDecision, statusFor } from './planned-decision.ts';
import { fittingStatus } from './status-text.ts';

export interface Admission extends PatchedPod {
  readonly decision: Decision;
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
  return rehearsed(context, decided(context));
}

function decided(context: InjectionContext): Admission {
  const planned = planDecision(context);
  const { decision } = planned;
  const patched = patchPod(context, planned);
  if (!patched.ok) return withoutPatch(context, decision, patched.error);
  const rule = brokenByRepetition(context, patched.value);
  return rule === undefined
    ? { decision, ...patched.value }
    : withoutPatch(context, decision, { code: 'rule-broken', rule });
}

/** The API server calls a webhook again after other webhooks have changed the pod, so a second pass must not change anything. */
export function brokenByRepetition(context: InjectionContext, patched: PatchedPod): string | undefined {
  if (patched.operations.length === 0) return undefined;
  const again = { ...context, pod: patched.pod, trace: undefined };
  const planned = planDecision(again);
  const operations = patchFor(patched.pod, planned.plan, fittingStatus(patched.pod, planned.status));
  if (operations.length > 0) return 'a second pass over the patched pod would change it again';
  return planned.decision.outcome === 'refused' ? 'a second pass over the patched pod would refuse it' : undefined;
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
  const { pod } = context;
  if (isRehearsal(context.catalogue)) return { operations: [], pod };
  const operations: readonly Operation[] = patchFor(pod, EMPTY_PLAN, fittingStatus(pod, statusFor(decision, context)));
  return { operations, pod: operations.length === 0 ? pod : applyPatch(pod, operations) };
}
