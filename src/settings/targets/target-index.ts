import type { LabelSelector } from '../../api/target/label-selector.ts';
import { selectorMatches } from '../../kubernetes/label-selector.ts';
import type { NamespaceTargets, PodTarget } from '../../kubernetes/cluster-state.ts';
import { byPrecedence, type Target } from './target.ts';

type Labels = Readonly<Record<string, string>>;

interface Ranked {
  readonly rank: number;
  readonly target: Target;
}

/** By the key of a label, then by its value. */
type ByLabel = Map<string, Map<string, Ranked[]>>;

type Place = 'pod' | 'namespace';

interface Term {
  readonly place: Place;
  readonly key: string;
  readonly value: string;
}

/**
 * Targets by a label that they ask for, so that a review looks only at those that may select its pod, however many there are. Each target is found
 * by its rarest label; those that ask for no value of a label are looked at for every pod.
 */
export class TargetIndex {
  readonly #byLabel: { readonly [place in Place]: ByLabel } = { pod: new Map(), namespace: new Map() };
  readonly #others: Ranked[] = [];

  constructor(targets: readonly Target[]) {
    const counts = new Map<string, number>();
    for (const target of targets)
      for (const term of termsOf(target).flat()) counts.set(idOf(term), (counts.get(idOf(term)) ?? 0) + 1);
    for (const [rank, target] of targets.toSorted(byPrecedence).entries()) {
      const [rarest] = termsOf(target).toSorted((one, other) => sum(one, counts) - sum(other, counts));
      if (!rarest) this.#others.push({ rank, target });
      for (const term of rarest ?? []) this.#listFor(term).push({ rank, target });
    }
  }

  /** The one that wins. */
  first(namespace: Labels, pod: Labels): Target | undefined {
    let best: Ranked | undefined;
    for (const list of this.#lists(namespace, pod)) {
      for (const one of list) {
        if (best && one.rank > best.rank) break;
        if (!selects(one.target, namespace, pod)) continue;
        best = one;
        break;
      }
    }
    return best?.target;
  }

  /** All that select the pod, the one that wins first. */
  all(namespace: Labels, pod: Labels): readonly Target[] {
    const found = this.#lists(namespace, pod)
      .flat()
      .filter(({ target }) => selects(target, namespace, pod));
    return found.toSorted((one, other) => one.rank - other.rank).map(({ target }) => target);
  }

  #listFor({ place, key, value }: Term): Ranked[] {
    const values = this.#byLabel[place].get(key) ?? new Map<string, Ranked[]>();
    this.#byLabel[place].set(key, values);
    const list = values.get(value) ?? [];
    values.set(value, list);
    return list;
  }

  #lists(namespace: Labels, pod: Labels): readonly (readonly Ranked[])[] {
    const lists = this.#others.length > 0 ? [this.#others] : [];
    addLists(lists, this.#byLabel.pod, pod);
    addLists(lists, this.#byLabel.namespace, namespace);
    return lists;
  }
}

/** Most labels of a pod are asked for by no target. */
function addLists(lists: Ranked[][], byLabel: ByLabel, labels: Labels): void {
  if (byLabel.size === 0) return;
  for (const key in labels) {
    const list = byLabel.get(key)?.get(labels[key] ?? '');
    if (list) lists.push(list);
  }
}

/** The targets of a namespace, and those of the cluster. */
export function namespaceTargets(own: TargetIndex | undefined, cluster: TargetIndex | undefined): NamespaceTargets {
  return {
    first: (namespace, pod) => {
      const found: PodTarget[] = [];
      for (const index of [own, cluster]) {
        const target = index?.first(namespace, pod);
        if (target) found.push(target);
      }
      return found;
    },
    all: (namespace, pod) => [...(own?.all(namespace, pod) ?? []), ...(cluster?.all(namespace, pod) ?? [])],
  };
}

function selects({ podSelector, namespaceSelector }: Target, namespace: Labels, pod: Labels): boolean {
  return selectorMatches(podSelector, pod) && selectorMatches(namespaceSelector, namespace);
}

/** Lists of labels of which a pod, or its namespace, must have one. A target can be found by any of the lists. */
function termsOf({ podSelector, namespaceSelector }: Target): readonly (readonly Term[])[] {
  return [...termsIn('pod', podSelector), ...termsIn('namespace', namespaceSelector)];
}

function termsIn(
  place: Place,
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
): readonly (readonly Term[])[] {
  return [
    ...Object.entries(matchLabels).map(([key, value]) => [{ place, key, value }]),
    ...matchExpressions.flatMap(({ key, operator, values = [] }) =>
      operator === 'In' ? [[...new Set(values)].map((value) => ({ place, key, value }))] : [],
    ),
  ];
}

function idOf({ place, key, value }: Term): string {
  return `${place} ${key}=${value}`;
}

function sum(terms: readonly Term[], counts: ReadonlyMap<string, number>): number {
  return terms.reduce((total, term) => total + (counts.get(idOf(term)) ?? 0), 0);
}
