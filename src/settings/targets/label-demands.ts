import type { LabelSelector } from '../../api/target/label-selector.ts';

/** What a selector asks of one label. */
interface Demand {
  /** The values that it may have; undefined: any. */
  only: ReadonlySet<string> | undefined;
  readonly not: Set<string>;
  mustExist: boolean;
  mustBeAbsent: boolean;
}

/** What a selector asks for, by the key of a label; undefined if nothing has such labels. */
export type LabelDemands = ReadonlyMap<string, Demand> | undefined;

export function labelDemands({ matchLabels = {}, matchExpressions = [] }: LabelSelector): LabelDemands {
  const demands = new Map<string, Demand>();
  const of = (key: string): Demand => {
    const known = demands.get(key) ?? { only: undefined, not: new Set(), mustExist: false, mustBeAbsent: false };
    demands.set(key, known);
    return known;
  };
  for (const [key, value] of Object.entries(matchLabels)) restrict(of(key), [value]);
  for (const { key, operator, values = [] } of matchExpressions) {
    const demand = of(key);
    if (operator === 'In') restrict(demand, values);
    if (operator === 'NotIn') for (const value of values) demand.not.add(value);
    if (operator === 'Exists') demand.mustExist = true;
    if (operator === 'DoesNotExist') demand.mustBeAbsent = true;
  }
  return [...demands.values()].every((demand) => isPossible(demand, demand)) ? demands : undefined;
}

/** True if something can have the labels that both ask for. Labels are independent of each other, so it is enough to look at each key. */
export function canShare(one: LabelDemands, other: LabelDemands): boolean {
  if (!one || !other) return false;
  const [few, many] = one.size <= other.size ? [one, other] : [other, one];
  for (const [key, demand] of few) {
    const same = many.get(key);
    if (same && !isPossible(demand, same)) return false;
  }
  return true;
}

function restrict(demand: Demand, values: readonly string[]): void {
  const { only } = demand;
  demand.only = new Set(only ? values.filter((value) => only.has(value)) : values);
  demand.mustExist = true;
}

function isPossible(one: Demand, other: Demand): boolean {
  if (!one.mustExist && !other.mustExist) return true;
  if (one.mustBeAbsent || other.mustBeAbsent) return false;
  const listed = one.only ?? other.only;
  // There are always further values.
  if (!listed) return true;
  for (const value of listed)
    if ((other.only ?? listed).has(value) && !one.not.has(value) && !other.not.has(value)) return true;
  return false;
}
