import type { Pod } from '../../kubernetes/pod.ts';
import type { EnvironmentStep } from '../env/plan.ts';
import type { Plan } from '../plan.ts';
import type { Places, PodShape } from './pod-shape.ts';

/** The plan for a pod, from the plan for its shape. */
export function liftPlan(plan: Plan, { places }: PodShape, pod: Pod): Plan {
  const containers = plan.containers.map(({ target, environment, mounts }) => {
    const { list, index } = target;
    const container = pod.spec[list]?.[index] ?? target.container;
    const at = places[list][index];
    return { target: { list, index, container }, environment: at ? liftSteps(environment, at) : environment, mounts };
  });
  return { ...plan, containers };
}

/** Counts each step in the pod's list. A step changes the places of those behind it. */
function liftSteps(steps: readonly EnvironmentStep[], { starts, length }: Places): readonly EnvironmentStep[] {
  const places = [...starts];
  let end = length;
  return steps.map(({ kind, index, entry }) => {
    const place = places[index] ?? end;
    if (kind === 'insert') {
      places.splice(index, 0, place);
      for (let next = index + 1; next < places.length; next++) places[next] = (places[next] ?? 0) + 1;
      end++;
    }
    return { kind, index: place, entry };
  });
}
