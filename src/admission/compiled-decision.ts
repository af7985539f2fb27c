import type { InjectionContext } from '../injection/context.ts';
import { liftPlan } from '../injection/shape/lift.ts';
import type { PodShape } from '../injection/shape/pod-shape.ts';
import { type Admission, brokenByRepetition } from './admit.ts';
import { rehearsed } from './rehearsal.ts';
import { patchPod, type PlannedDecision, planDecision } from './planned-decision.ts';

/**
 * Decides for all pods of a shape: the same functions decide on the shape as on a pod, and both passes are verified. Undefined where the shape
 * cannot be patched by its plan; then each pod is decided by itself.
 */
export function compile(context: InjectionContext, { pod }: PodShape): PlannedDecision | undefined {
  const ofShape = { ...context, pod, trace: undefined };
  const planned = planDecision(ofShape);
  const patched = patchPod(ofShape, planned);
  return patched.ok && brokenByRepetition(ofShape, patched.value) === undefined
    ? withoutContainers(planned)
    : undefined;
}

/** Each pod has its own containers. Those of the shape could keep many times the memory of their text. */
function withoutContainers(planned: PlannedDecision): PlannedDecision {
  const containers = planned.plan.containers.map((one) => {
    const { target } = one;
    return { ...one, target: { ...target, container: { name: target.container.name } } };
  });
  return { ...planned, plan: { ...planned.plan, containers } };
}

/** The admission of a pod of the shape; undefined where the plan does not hold for it, which the verification of every patched pod tells. */
export function admitCompiled(
  context: InjectionContext,
  shape: PodShape,
  compiled: PlannedDecision,
): Admission | undefined {
  const { decision, plan, status } = compiled;
  const patched = patchPod(context, { plan: liftPlan(plan, shape, context.pod), status });
  return patched.ok ? rehearsed(context, { decision, ...patched.value }) : undefined;
}
