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
    add(of(key), operator, values);
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

function add(demand: Demand, operator: string, values: readonly string[]): void {
  if (operator === 'In') restrict(demand, values);
  if (operator === 'NotIn') for (const value of values) demand.not.add(value);
  if (operator === 'Exists') demand.mustExist = true;
  if (operator === 'DoesNotExist') demand.mustBeAbsent = true;
}

function restrict(demand: Demand, values: readonly string[]): void {
  const { only } = demand;
  demand.only = new Set(only ? values.filter((value) => only.has(value)) : values);
  demand.mustExist = true;
}

function isPossible(one: Demand, other: Demand): boolean {
  if (!one.mustExist && !other.mustExist) return true;
  return !one.mustBeAbsent && !other.mustBeAbsent && canHaveValue(one, other);
}

function canHaveValue(one: Demand, other: Demand): boolean {
  // There are always further values.
  if (!one.only && !other.only) return true;
  for (const value of one.only ?? other.only ?? []) if (allows(one, value) && allows(other, value)) return true;
  return false;
}

function allows({ only, not }: Demand, value: string): boolean {
  return (only?.has(value) ?? true) && !not.has(value);
}
