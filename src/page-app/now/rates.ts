import type { Latency, Now } from '../../page/wire.ts';

/** Decisions per second with one outcome and reason. */
export interface Rate {
  readonly outcome: string;
  readonly reason: string;
  readonly perSecond: number;
}

const keyOf = ({ outcome, reason }: { readonly outcome: string; readonly reason: string }): string =>
  JSON.stringify([outcome, reason]);

/** What happened between two readings of the counters. A counter that has become smaller began at zero again: its server has restarted. */
export function ratesBetween(earlier: Now, later: Now): readonly Rate[] {
  const seconds = (Date.parse(later.at) - Date.parse(earlier.at)) / 1000;
  if (!(seconds > 0)) return [];
  const before = new Map(earlier.decisions.map((one) => [keyOf(one), one.count]));
  return later.decisions.map(({ outcome, reason, count }) => ({
    outcome,
    reason,
    perSecond: increase(before.get(keyOf({ outcome, reason })) ?? 0, count) / seconds,
  }));
}

function increase(before: number, after: number): number {
  return after < before ? after : after - before;
}

/**
 * The latency below which a share of the decisions between two readings stays, in the unit of the bounds; undefined without any. Within a
 * bucket it is interpolated, like Prometheus' histogram_quantile.
 */
export function quantileBetween(earlier: Now['latency'], later: Now['latency'], share: number): number | undefined {
  const buckets = later ? bucketsBetween(earlier, later) : [];
  const total = buckets.at(-1)?.[1] ?? 0;
  if (total <= 0) return undefined;
  const rank = share * total;
  const index = buckets.findIndex(([, count]) => count >= rank);
  const [bound, count] = buckets[index] ?? [0, 0];
  const [lowerBound, lowerCount] = buckets[index - 1] ?? [0, 0];
  // The last bucket has no bound: the answer is that it is more than the one before.
  if (!Number.isFinite(bound)) return lowerBound;
  return lowerBound + (bound - lowerBound) * ((rank - lowerCount) / (count - lowerCount));
}

/** The cumulative counts of what happened in between. */
function bucketsBetween(earlier: Now['latency'], later: Latency): Latency['buckets'] {
  const before = new Map(earlier && earlier.count <= later.count ? earlier.buckets : []);
  const all = [...later.buckets, [Infinity, later.count] as const];
  if (earlier && before.size > 0) before.set(Infinity, earlier.count);
  return all.map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)]);
}

/** The points of a line in a box: the newest value is at its right edge. Without a value there is a gap. */
export function linePath(
  values: readonly (number | undefined)[],
  { width, height, places, top }: { width: number; height: number; places: number; top: number },
): string {
  const step = width / Math.max(places - 1, 1);
  const offset = places - values.length;
  let isOpen = false;
  return values
    .map((value, index) => {
      if (value === undefined) {
        isOpen = false;
        return '';
      }
      const x = ((offset + index) * step).toFixed(1);
      const y = (height - (top > 0 ? Math.min(value / top, 1) : 0) * height).toFixed(1);
      // A line of no length is a dot: a value between two gaps.
      const text = isOpen ? `L${x} ${y}` : `M${x} ${y}h0`;
      isOpen = true;
      return text;
    })
    .join('');
}
