/** Minimum, median and maximum. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** The nearest-rank percentile of sorted samples, for a share from 0 to 1. NaN without samples. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const rank = Math.ceil(share * sorted.length);
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1] ?? Number.NaN;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const { length } = sorted;
  const [low, high] = [sorted[Math.floor((length - 1) / 2)], sorted[Math.floor(length / 2)]];
  if (low === undefined || high === undefined) return { min: Number.NaN, median: Number.NaN, max: Number.NaN };
  return { min: sorted[0] ?? low, median: (low + high) / 2, max: sorted[length - 1] ?? high };
}

/** Ratios round by round: both values of a round are measured one after the other, so a slow machine affects both. */
export function ratios(values: readonly number[], base: readonly number[]): readonly number[] {
  if (values.length !== base.length) throw new Error(`${values.length} rounds cannot be held against ${base.length}`);
  return values.map((value, round) => value / (base[round] ?? Number.NaN));
}
