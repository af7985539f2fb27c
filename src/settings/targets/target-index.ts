import type { LabelSelector } from '../../api/target/label-selector.ts';
import { selectorMismatch } from '../../kubernetes/label-selector.ts';
import type { NamespaceTargets, PodTarget } from '../../kubernetes/cluster-state.ts';
import { byPrecedence, type Target } from './target.ts';

type Labels = Readonly<Record<string, string>>;

interface Ranked {
  readonly rank: number;
  readonly target: Target;
}

/**
 * Targets by a label that they ask for, so that a review looks only at those that may select its pod, however many there are. Each target is found
 * by its rarest label; those that ask for no value of a label are looked at for every pod.
 */
export class TargetIndex {
  readonly #byTerm = new Map<string, Ranked[]>();
  readonly #others: Ranked[] = [];

  constructor(targets: readonly Target[]) {
    const counts = new Map<string, number>();
    for (const target of targets)
      for (const term of termsOf(target).flat()) counts.set(term, (counts.get(term) ?? 0) + 1);
    for (const [rank, target] of targets.toSorted(byPrecedence).entries()) {
      const [rarest] = termsOf(target).toSorted((one, other) => sum(one, counts) - sum(other, counts));
      if (!rarest) this.#others.push({ rank, target });
      for (const term of rarest ?? []) {
        const list = this.#byTerm.get(term) ?? [];
        list.push({ rank, target });
        this.#byTerm.set(term, list);
      }
    }
  }

  /** The one that wins. */
  first(namespace: Labels, pod: Labels): Target | undefined {
    let best: Ranked | undefined;
    for (const list of this.#lists(namespace, pod)) {
      const found = list.find(({ rank, target }) => rank < (best?.rank ?? Infinity) && selects(target, namespace, pod));
      best = found ?? best;
    }
    return best?.target;
  }

  /** All that select the pod, the one that wins first. */
  all(namespace: Labels, pod: Labels): readonly Target[] {
    const found = [...this.#lists(namespace, pod)].flat().filter(({ target }) => selects(target, namespace, pod));
    return found.toSorted((one, other) => one.rank - other.rank).map(({ target }) => target);
  }

  *#lists(namespace: Labels, pod: Labels): Generator<readonly Ranked[], void> {
    yield this.#others;
    for (const [place, labels] of [
      ['pod', pod],
      ['namespace', namespace],
    ] as const) {
      for (const key in labels) {
        const list = this.#byTerm.get(termText(place, key, labels[key] ?? ''));
        if (list) yield list;
      }
    }
  }
}

/** The targets of a namespace, and those of the cluster. */
export function namespaceTargets(own: TargetIndex | undefined, cluster: TargetIndex | undefined): NamespaceTargets {
  const found = (targets: readonly (PodTarget | undefined)[]): readonly PodTarget[] =>
    targets.filter((target) => target !== undefined);
  return {
    first: (namespace, pod) => found([own?.first(namespace, pod), cluster?.first(namespace, pod)]),
    all: (namespace, pod) => [...(own?.all(namespace, pod) ?? []), ...(cluster?.all(namespace, pod) ?? [])],
  };
}

function selects({ podSelector, namespaceSelector }: Target, namespace: Labels, pod: Labels): boolean {
  return (
    selectorMismatch(podSelector, pod) === undefined && selectorMismatch(namespaceSelector, namespace) === undefined
  );
}

/** Lists of labels of which a pod, or its namespace, must have one. A target can be found by any of the lists. */
function termsOf({ podSelector, namespaceSelector }: Target): readonly (readonly string[])[] {
  return [...termsIn('pod', podSelector), ...termsIn('namespace', namespaceSelector)];
}

function termsIn(
  place: 'pod' | 'namespace',
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
): readonly (readonly string[])[] {
  return [
    ...Object.entries(matchLabels).map(([key, value]) => [termText(place, key, value)]),
    ...matchExpressions.flatMap(({ key, operator, values = [] }) =>
      operator === 'In' ? [[...new Set(values)].map((value) => termText(place, key, value))] : [],
    ),
  ];
}

function termText(place: 'pod' | 'namespace', key: string, value: string): string {
  return `${place} ${key}=${value}`;
}

function sum(terms: readonly string[], counts: ReadonlyMap<string, number>): number {
  return terms.reduce((total, term) => total + (counts.get(term) ?? 0), 0);
}
