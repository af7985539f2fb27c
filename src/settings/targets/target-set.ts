import type { NamespaceTargets } from '../../kubernetes/cluster-state.ts';
import type { Target } from './target.ts';
import { namespaceTargets, TargetIndex } from './target-index.ts';

/** All targets of a cluster. */
export class TargetSet {
  readonly #own: ReadonlyMap<string, readonly Target[]>;
  readonly #cluster: readonly Target[];
  readonly #clusterIndex: TargetIndex | undefined;
  /** Of namespaces that have AgentTargets. */
  readonly #known = new Map<string, NamespaceTargets>();
  readonly #others: NamespaceTargets | undefined;

  /** What is the same as `before` stays the same object, so that decisions by it stay known. */
  constructor(targets: Iterable<Target>, before?: TargetSet) {
    const { own, cluster } = grouped(targets);
    this.#own = own;
    this.#cluster = cluster;
    const isSame = before !== undefined && areSame(before.#cluster, cluster);
    this.#clusterIndex = isSame ? before.#clusterIndex : indexOf(cluster);
    if (isSame) {
      this.#others = before.#others;
      for (const [namespace, known] of before.#known)
        if (areSame(before.#own.get(namespace), own.get(namespace))) this.#known.set(namespace, known);
    } else this.#others = this.#clusterIndex && namespaceTargets(undefined, this.#clusterIndex);
  }

  /** Undefined if no target can select a pod of the namespace. The same object for each call. */
  of(namespace: string): NamespaceTargets | undefined {
    const own = this.#own.get(namespace);
    if (!own) return this.#others;
    const found = this.#known.get(namespace) ?? namespaceTargets(new TargetIndex(own), this.#clusterIndex);
    this.#known.set(namespace, found);
    return found;
  }
}

function indexOf(targets: readonly Target[]): TargetIndex | undefined {
  return targets.length === 0 ? undefined : new TargetIndex(targets);
}

interface Grouped {
  readonly own: ReadonlyMap<string, readonly Target[]>;
  readonly cluster: readonly Target[];
}

function grouped(targets: Iterable<Target>): Grouped {
  const own = new Map<string, Target[]>();
  const cluster: Target[] = [];
  for (const target of targets) {
    const { namespace } = target;
    const list = namespace === undefined ? cluster : (own.get(namespace) ?? []);
    list.push(target);
    if (namespace !== undefined) own.set(namespace, list);
  }
  return { own, cluster };
}

function areSame(before: readonly Target[] = [], now: readonly Target[] = []): boolean {
  return before.length === now.length && before.every((target, index) => target === now[index]);
}
