import type { LabelSelector } from '../../api/target/label-selector.ts';
import { matchesExpression } from '../../kubernetes/label-selector.ts';
import { byPrecedence, type Target, targetText } from './target.ts';

/** Targets that are compared with one, and winners that are named: enough to say where to look. */
const MAX_COMPARED = 500;

const MAX_WINNERS = 3;

/**
 * The targets that come before each one and can select the same pod, as `AgentTarget shop/java`. Whether there is such a pod does not matter. Only
 * targets of one kind are compared: an AgentTarget always comes before a ClusterAgentTarget, as an annotation of the pod before one of the namespace.
 */
export function conflictsIn(targets: readonly Target[]): ReadonlyMap<Target, readonly string[]> {
  const groups = new Map<string, Target[]>();
  for (const target of targets) {
    const id = target.namespace ?? '';
    const group = groups.get(id) ?? [];
    group.push(target);
    groups.set(id, group);
  }
  const found = [...groups.values()].flatMap((group) => {
    const ordered = group.toSorted(byPrecedence);
    return ordered.map((target, rank) => [target, winnersOver(target, ordered.slice(0, rank))] as const);
  });
  return new Map(found.filter(([, winners]) => winners.length > 0));
}

function winnersOver(target: Target, before: readonly Target[]): readonly string[] {
  const winners: string[] = [];
  for (const other of before.slice(0, MAX_COMPARED)) {
    if (!canShare(target, other)) continue;
    winners.push(targetText(other));
    if (winners.length === MAX_WINNERS) break;
  }
  return winners;
}

function canShare(one: Target, other: Target): boolean {
  return (
    canBothMatch(one.podSelector, other.podSelector) && canBothMatch(one.namespaceSelector, other.namespaceSelector)
  );
}

interface Term {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** Labels are independent of each other, so it is enough to look at each key. */
function canBothMatch(one: LabelSelector, other: LabelSelector): boolean {
  const terms = [...termsOf(one), ...termsOf(other)];
  const keys = new Set(terms.map(({ key }) => key));
  return [...keys].every((key) => isPossible(terms.filter((term) => term.key === key)));
}

/** No label has it: it stands for all values that no term names. */
const OTHER = ' ';

function isPossible(terms: readonly Term[]): boolean {
  const values = [undefined, OTHER, ...terms.flatMap((term) => term.values)];
  return values.some((value) =>
    terms.every(({ operator, values: of }) => matchesExpression({ operator, values: of }, value)),
  );
}

function termsOf({ matchLabels = {}, matchExpressions = [] }: LabelSelector): readonly Term[] {
  return [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'In', values: [value] })),
    ...matchExpressions.map(({ key, operator, values = [] }) => ({ key, operator, values })),
  ];
}
