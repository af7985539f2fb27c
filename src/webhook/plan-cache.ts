import { type Admission, admitInContext } from '../admission/admit.ts';
import { admitCompiled, compile } from '../admission/compiled-decision.ts';
import type { PlannedDecision } from '../admission/planned-decision.ts';
import type { InjectionContext } from '../injection/context.ts';
import { generalize, isTiedToNames, withNames } from '../injection/shape/general-shape.ts';
import { type PodShape, shapeKey, shapeOf } from '../injection/shape/pod-shape.ts';
import { containersOf } from '../kubernetes/pod.ts';
import type { PodTarget } from '../kubernetes/cluster-state.ts';
import { selectedTargets } from '../settings/targets/selected.ts';
import { cacheKey } from './answer-cache/cache-key.ts';
import { type Decided, DecisionCache, type DecisionInputs } from './answer-cache/decision-cache.ts';
import { recordLookups } from './answer-cache/lookup-recorder.ts';

/** Without a compiled decision, each pod of the shape is decided by itself. */
type Compiled = { readonly planned: PlannedDecision | undefined };

/** Bytes, estimated: some 3,500 shapes of one container. */
const MAX_SIZE = 20 * 1024 * 1024;

/** There are far fewer of these, since the names of workloads do not count. */
const MAX_SIZE_GENERAL = 4 * 1024 * 1024;

/** Pods with longer shapes are decided one by one. */
const MAX_KEY_LENGTH = 128 * 1024;

/** A shape that is new costs up to five decisions. Larger pods are rare, so only hostile ones would make use of that. */
const MAX_CONTAINERS = 64;

export interface CachedAdmission extends Admission {
  readonly inputs: DecisionInputs;
}

/**
 * Decides once for all pods of a shape, as long as the namespace, the catalogue and what was looked up in the cluster stay the same. A decision is a
 * pure function of these. Why, and what it saves: docs/adr/0020-compiled-decisions.md.
 */
export class PlanCache {
  readonly #shapes = new DecisionCache<Compiled>(MAX_SIZE);
  readonly #general = new DecisionCache<Compiled>(MAX_SIZE_GENERAL);

  admit(asked: InjectionContext): CachedAdmission {
    const context = { ...asked, targets: selectedTargets(asked) };
    const { namespace, catalogue } = context;
    const shape = containersOf(context.pod).length > MAX_CONTAINERS ? undefined : shapeOf(context);
    const key = shape && shapeKey(shape);
    if (!shape || key === undefined || key.length > MAX_KEY_LENGTH) return interpreted(context);
    const { value, lookups } = remembered(this.#shapes, context, key, () => this.#compile(context, shape));
    const admission = value.planned && admitCompiled(context, shape, value.planned);
    const inputs = { namespace, catalogue, lookups, targets: targetsIn(context) };
    return admission ? { ...admission, inputs } : interpreted(context);
  }

  /** From the decision on pods that differ in names only, if there is one. */
  #compile(context: InjectionContext, shape: PodShape): Decided<Compiled> {
    const general = generalize(shape, context);
    if (!general) return compiled(context, shape);
    const { value, lookups } = remembered(this.#general, context, JSON.stringify(general.pod), () => {
      const fresh = compiled(context, { ...shape, pod: general.pod });
      const { planned } = fresh.value;
      return planned && isTiedToNames(planned, fresh.lookups.keys()) ? { ...fresh, value: NONE } : fresh;
    });
    if (!value.planned) return compiled(context, shape);
    return { value: { planned: withNames(value.planned, general.names) }, lookups };
  }
}

const NONE: Compiled = { planned: undefined };

/** What the cache has for a shape, or what is made and stored now. */
function remembered(
  cache: DecisionCache<Compiled>,
  { namespace, catalogue, cluster, required, targets = [] }: InjectionContext,
  shape: string,
  make: () => Decided<Compiled>,
): Decided<Compiled> {
  const selected = targets.map((target) => `#${numberOf(target)} `).join('');
  const key = cacheKey(`${selected}${required === true ? '!' : ''}${namespace.name} ${shape}`);
  const known = cache.find(key, {
    namespaces: { get: () => namespace },
    catalogue: () => catalogue,
    cluster: () => cluster,
  });
  if (known) return known;
  const made = make();
  const { value, lookups } = made;
  const size = Buffer.byteLength(key.text) + (value.planned ? sizeOf(value.planned) : SIZE);
  cache.store(key, value, { namespace, catalogue, lookups }, size);
  return made;
}

// A target that changes is another object, with another number: what was decided by the earlier one is not found again.
const numbers = new WeakMap<PodTarget, number>();
let lastNumber = 0;

/** Stands for a target with all that it sets. */
function numberOf(target: PodTarget): number {
  const known = numbers.get(target) ?? (lastNumber += 1);
  numbers.set(target, known);
  return known;
}

function compiled(context: InjectionContext, shape: PodShape): Decided<Compiled> {
  const lookups = recordLookups(context.cluster);
  return { value: { planned: compile({ ...context, cluster: lookups.cluster }, shape) }, lookups };
}

function sizeOf({ decision, plan }: PlannedDecision): number {
  // The files of an agent, each of up to 16 KiB.
  const files = [...plan.annotations.values()].reduce((length, text) => length + text.length, 0);
  return SIZE + decision.containers.length * SIZE_OF_CONTAINER + files;
}

/** Measured, in bytes: a decision with its answer, and what each container adds. */
const SIZE = 5 * 1024;

const SIZE_OF_CONTAINER = 4 * 1024;

function targetsIn({ cluster, namespace }: InjectionContext): Required<DecisionInputs>['targets'] {
  return cluster.targets?.(namespace.name) ?? 'none';
}

function interpreted(context: InjectionContext): CachedAdmission {
  const { namespace, catalogue } = context;
  const lookups = recordLookups(context.cluster);
  const inputs = { namespace, catalogue, lookups, targets: targetsIn(context) };
  return { ...admitInContext({ ...context, cluster: lookups.cluster }), inputs };
}
