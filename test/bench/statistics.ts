/** The least, the middle and the greatest of some rounds. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** The value below which this share (0 to 1) of the sorted samples lies: the nearest rank. NaN without samples. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const rank = Math.ceil(share * sorted.length);
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1] ?? Number.NaN;
}

/** The median of an even count is the mean of the two in the middle. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const { length } = sorted;
  const [low, high] = [sorted[Math.floor((length - 1) / 2)], sorted[Math.floor(length / 2)]];
  if (low === undefined || high === undefined) return { min: Number.NaN, median: Number.NaN, max: Number.NaN };
  return { min: sorted[0] ?? low, median: (low + high) / 2, max: sorted[length - 1] ?? high };
}

/**
 * How many times the base each round was, round by round: both were measured one right after the other, so what slowed the machine
 * down for a while slowed both.
 */
export function ratios(values: readonly number[], base: readonly number[]): readonly number[] {
  if (values.length !== base.length) throw new Error(`${values.length} rounds cannot be held against ${base.length}`);
  return values.map((value, round) => value / (base[round] ?? Number.NaN));
}
