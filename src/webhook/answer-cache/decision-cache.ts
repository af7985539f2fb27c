import { LRUCache } from 'lru-cache';
import type { ClusterState, NamespaceTargets } from '../../kubernetes/cluster-state.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import type { CacheKey } from './cache-key.ts';
import type { RecordedLookups } from './lookup-recorder.ts';

/** Everything that a decision was made from, except the pod. */
export interface DecisionInputs {
  readonly namespace: Namespace;
  readonly catalogue: Catalogue;
  readonly lookups: RecordedLookups;
  /** Those of the namespace; absent if the key stands for the ones that select the pod. */
  readonly targets?: NamespaceTargets | 'none';
}

export interface CurrentInputs {
  readonly namespaces: { readonly get: (name: string) => Namespace | undefined };
  readonly catalogue: () => Catalogue;
  readonly cluster: () => ClusterState;
}

/** What came of a decision, and what was looked up for it. */
export interface Decided<Value> {
  readonly value: Value;
  readonly lookups: RecordedLookups;
}

interface Entry<Value> extends Decided<Value> {
  readonly text: string;
  readonly namespaceName: string;
  /** Weak, so that an entry that is never asked for again does not keep an earlier state of its namespace in memory. */
  readonly namespace: WeakRef<Namespace>;
  /** Weak likewise. */
  readonly targets?: WeakRef<NamespaceTargets> | 'none';
}

/** Above this, repeating the lookups costs as much as deciding again. */
const MAX_LOOKUPS = 32;

/**
 * Keeps what came of decisions, as long as their inputs are the same. A decision is a pure function of a pod and its inputs, so the key must stand for
 * all that the decision sees of the pod.
 */
export class DecisionCache<Value> {
  /** By the hash of the key. Of two keys with the same hash, the later one is kept. */
  readonly #entries: LRUCache<number, Entry<Value>>;
  /** The one that all entries were decided with. */
  #catalogue: Catalogue | undefined;

  /** An entry that takes more than an eighth of `maxSize` is not stored. */
  constructor(maxSize: number) {
    this.#entries = new LRUCache({ maxSize, maxEntrySize: Math.floor(maxSize / 8) });
  }

  find({ text, hash }: CacheKey, current: CurrentInputs): Decided<Value> | undefined {
    const entry = this.#entries.get(hash);
    if (entry?.text !== text) return undefined;
    this.#startCatalogue(current.catalogue());
    if (this.#entries.has(hash) && isCurrent(entry, current)) return entry;
    this.#entries.delete(hash);
    return undefined;
  }

  store({ text, hash }: CacheKey, value: Value, inputs: DecisionInputs, size: number): void {
    const { namespace, catalogue, lookups, targets } = inputs;
    if (lookups.count() > MAX_LOOKUPS) return;
    this.#startCatalogue(catalogue);
    const entry = {
      text,
      value,
      lookups,
      namespaceName: namespace.name,
      namespace: new WeakRef(namespace),
      ...(targets !== undefined && { targets: targets === 'none' ? targets : new WeakRef(targets) }),
    };
    this.#entries.set(hash, entry, { size });
  }

  /** Forgets all entries of another catalogue: each would keep it in memory. */
  #startCatalogue(catalogue: Catalogue): void {
    if (catalogue === this.#catalogue) return;
    this.#catalogue = catalogue;
    this.#entries.clear();
  }
}

function isCurrent({ namespaceName, namespace, lookups, targets }: Entry<unknown>, current: CurrentInputs): boolean {
  const known = current.namespaces.get(namespaceName);
  if (known === undefined || known !== namespace.deref()) return false;
  const cluster = current.cluster();
  if (targets !== undefined) {
    const now = cluster.targets?.(namespaceName);
    if (now !== (targets === 'none' ? undefined : (targets.deref() ?? 'none'))) return false;
  }
  return lookups.matches(cluster);
}
