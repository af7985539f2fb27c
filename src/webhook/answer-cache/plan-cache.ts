import { LRUCache } from 'lru-cache';
import { type Admission, admitInContext } from '../../admission/admit.ts';
import { admitCompiled, compile } from '../../admission/compiled-decision.ts';
import type { PlannedDecision } from '../../admission/planned-decision.ts';
import type { InjectionContext } from '../../injection/context.ts';
import { type PodShape, shapeKey, shapeOf } from '../../injection/shape/pod-shape.ts';
import type { DecisionInputs } from './answer-cache.ts';
import { recordLookups } from './lookup-recorder.ts';

/** A compiled decision and what it was made from, or the reason to decide on each pod of the shape by itself. */
interface Entry {
  readonly inputs: DecisionInputs;
  readonly compiled: PlannedDecision | undefined;
}

/** Bytes, estimated: some 3,500 shapes of one container. */
const MAX_SIZE = 20 * 1024 * 1024;

/** Pods with longer shapes are decided one by one. */
const MAX_KEY_LENGTH = 128 * 1024;

/** Above this, repeating the lookups costs as much as deciding again. */
const MAX_LOOKUPS = 32;

export interface CachedAdmission extends Admission {
  readonly inputs: DecisionInputs;
}

/**
 * Decides once for all pods of a shape, as long as the namespace, the catalogue and what was looked up in the cluster stay the same. A decision is a
 * pure function of these. Why, and what it saves: docs/adr/0019-compiled-decisions.md.
 */
export class PlanCache {
  readonly #entries = new LRUCache<string, Entry>({ maxSize: MAX_SIZE });

  admit(context: InjectionContext): CachedAdmission {
    const shape = shapeOf(context);
    const key = shape && shapeKey(shape);
    if (!shape || key === undefined || key.length > MAX_KEY_LENGTH) return interpreted(context);
    const { namespace, required } = context;
    const fullKey = `${required === true ? '!' : ''}${namespace.name} ${key}`;
    const entry = this.#current(fullKey, context) ?? this.#compile(fullKey, context, shape);
    const admission = entry.compiled && admitCompiled(context, shape, entry.compiled);
    return admission ? { ...admission, inputs: entry.inputs } : interpreted(context);
  }

  #current(key: string, { namespace, catalogue, cluster }: InjectionContext): Entry | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const { inputs } = entry;
    const isCurrent =
      inputs.namespace === namespace && inputs.catalogue === catalogue && inputs.lookups.matches(cluster);
    return isCurrent ? entry : undefined;
  }

  #compile(key: string, context: InjectionContext, shape: PodShape): Entry {
    const { namespace, catalogue } = context;
    const lookups = recordLookups(context.cluster);
    const compiled = compile({ ...context, cluster: lookups.cluster }, shape);
    const entry = { compiled, inputs: { namespace, catalogue, lookups } };
    const size = key.length + SIZE + (compiled?.decision.containers.length ?? 0) * SIZE_OF_CONTAINER;
    if (lookups.count() <= MAX_LOOKUPS) this.#entries.set(key, entry, { size });
    return entry;
  }
}

/** Measured, in bytes: a decision with its answer, and what each container adds. */
const SIZE = 5 * 1024;

const SIZE_OF_CONTAINER = 4 * 1024;

function interpreted(context: InjectionContext): CachedAdmission {
  const { namespace, catalogue } = context;
  const lookups = recordLookups(context.cluster);
  return { ...admitInContext({ ...context, cluster: lookups.cluster }), inputs: { namespace, catalogue, lookups } };
}
