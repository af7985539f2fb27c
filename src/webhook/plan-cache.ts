import { LRUCache } from 'lru-cache';
import { type Admission, admitInContext } from '../admission/admit.ts';
import { admitCompiled, compile } from '../admission/compiled-decision.ts';
import type { PlannedDecision } from '../admission/planned-decision.ts';
import type { InjectionContext } from '../injection/context.ts';
import { generalize, isTiedToNames, withNames } from '../injection/shape/general-shape.ts';
import { type PodShape, shapeKey, shapeOf } from '../injection/shape/pod-shape.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { containersOf } from '../kubernetes/pod.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { DecisionInputs } from './answer-cache/answer-cache.ts';
import { recordLookups, type RecordedLookups } from './answer-cache/lookup-recorder.ts';

/** A compiled decision and what it was made from; without one, each pod of the shape is decided by itself. */
interface Entry {
  /** An entry does not keep an earlier state of a namespace in memory. */
  readonly namespace: WeakRef<Namespace>;
  readonly lookups: RecordedLookups;
  readonly compiled: PlannedDecision | undefined;
}

/** Bytes, estimated: some 3,500 shapes of one container. */
const MAX_SIZE = 20 * 1024 * 1024;

/** There are far fewer of these, since the names of workloads do not count. */
const MAX_SIZE_GENERAL = 4 * 1024 * 1024;

/** Pods with longer shapes are decided one by one. */
const MAX_KEY_LENGTH = 128 * 1024;

/** A shape that is new costs up to five decisions. Larger pods are rare, so only hostile ones would make use of that. */
const MAX_CONTAINERS = 64;

/** Above this, repeating the lookups costs as much as deciding again. */
const MAX_LOOKUPS = 32;

export interface CachedAdmission extends Admission {
  readonly inputs: DecisionInputs;
}

/**
 * Decides once for all pods of a shape, as long as the namespace, the catalogue and what was looked up in the cluster stay the same. A decision is a
 * pure function of these. Why, and what it saves: docs/adr/0020-compiled-decisions.md.
 */
export class PlanCache {
  readonly #entries = new LRUCache<string, Entry>({ maxSize: MAX_SIZE });
  readonly #general = new LRUCache<string, Entry>({ maxSize: MAX_SIZE_GENERAL });
  /** The one that all entries were decided with. */
  #catalogue: Catalogue | undefined;

  admit(context: InjectionContext): CachedAdmission {
    const { namespace, catalogue } = context;
    this.#startCatalogue(catalogue);
    const shape = containersOf(context.pod).length > MAX_CONTAINERS ? undefined : shapeOf(context);
    const key = shape && shapeKey(shape);
    if (!shape || key === undefined || key.length > MAX_KEY_LENGTH) return interpreted(context);
    const entry = current(this.#entries, keyIn(context, key), context) ?? this.#compile(key, context, shape);
    const admission = entry.compiled && admitCompiled(context, shape, entry.compiled);
    if (!admission) return interpreted(context);
    return { ...admission, inputs: { namespace, catalogue, lookups: entry.lookups } };
  }

  /** Forgets the decisions of another catalogue: each would keep it in memory. */
  #startCatalogue(catalogue: Catalogue): void {
    if (catalogue === this.#catalogue) return;
    this.#catalogue = catalogue;
    this.#entries.clear();
    this.#general.clear();
  }

  #compile(key: string, context: InjectionContext, shape: PodShape): Entry {
    const entry = this.#compileGeneral(context, shape) ?? compiled(context, shape);
    store(this.#entries, keyIn(context, key), entry);
    return entry;
  }

  /** From the decision on pods that differ in names only. */
  #compileGeneral(context: InjectionContext, shape: PodShape): Entry | undefined {
    const general = generalize(shape, context);
    if (!general) return undefined;
    const key = keyIn(context, JSON.stringify(general.pod));
    let entry = current(this.#general, key, context);
    if (!entry) {
      const fresh = compiled(context, { ...shape, pod: general.pod });
      const isTied = fresh.compiled && isTiedToNames(fresh.compiled, fresh.lookups.keys());
      entry = isTied ? { ...fresh, compiled: undefined } : fresh;
      store(this.#general, key, entry);
    }
    return entry.compiled && { ...entry, compiled: withNames(entry.compiled, general.names) };
  }
}

function keyIn({ namespace, required }: InjectionContext, shape: string): string {
  return `${required === true ? '!' : ''}${namespace.name} ${shape}`;
}

/** All entries are of the same catalogue. */
function current(
  entries: LRUCache<string, Entry>,
  key: string,
  { namespace, cluster }: InjectionContext,
): Entry | undefined {
  const entry = entries.get(key);
  return entry?.namespace.deref() === namespace && entry.lookups.matches(cluster) ? entry : undefined;
}

function compiled(context: InjectionContext, shape: PodShape): Entry {
  const lookups = recordLookups(context.cluster);
  return {
    compiled: compile({ ...context, cluster: lookups.cluster }, shape),
    namespace: new WeakRef(context.namespace),
    lookups,
  };
}

function store(entries: LRUCache<string, Entry>, key: string, entry: Entry): void {
  if (entry.lookups.count() > MAX_LOOKUPS) return;
  entries.set(key, entry, { size: Buffer.byteLength(key) + (entry.compiled ? sizeOf(entry.compiled) : SIZE) });
}

function sizeOf({ decision, plan }: PlannedDecision): number {
  // The files of an agent, each of up to 16 KiB.
  const files = [...plan.annotations.values()].reduce((length, text) => length + text.length, 0);
  return SIZE + decision.containers.length * SIZE_OF_CONTAINER + files;
}

/** Measured, in bytes: a decision with its answer, and what each container adds. */
const SIZE = 5 * 1024;

const SIZE_OF_CONTAINER = 4 * 1024;

function interpreted(context: InjectionContext): CachedAdmission {
  const { namespace, catalogue } = context;
  const lookups = recordLookups(context.cluster);
  return { ...admitInContext({ ...context, cluster: lookups.cluster }), inputs: { namespace, catalogue, lookups } };
}
