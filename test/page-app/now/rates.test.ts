import { describe, expect, it } from 'vitest';
import { linePath, quantileBetween, ratesBetween } from '../../../src/page-app/now/rates.ts';
import type { Latency, Now } from '../../../src/page/wire.ts';

const reading = (seconds: number, injected: number, over: Partial<Now> = {}): Now => ({
  at: new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString(),
  decisions: [{ outcome: 'injected', reason: '', count: injected }],
  latency: undefined,
  certificates: [],
  caches: [],
  replicas: 1,
  ...over,
});

describe('rates', () => {
  it('are what was counted in between, per second', () => {
    expect(ratesBetween(reading(0, 100), reading(10, 150))).toEqual([
      { outcome: 'injected', reason: '', perSecond: 5 },
    ]);
  });

  it('begin at zero for a counter that has started again, and for a new one', () => {
    expect(ratesBetween(reading(0, 100), reading(10, 20))[0]?.perSecond).toBe(2);
    const other = [{ outcome: 'skipped', reason: 'no-profile', count: 30 }];
    expect(ratesBetween(reading(0, 100), reading(10, 0, { decisions: other }))[0]?.perSecond).toBe(3);
  });

  it('are not known for two readings of the same moment', () => {
    expect(ratesBetween(reading(3, 1), reading(3, 2))).toEqual([]);
  });
});

describe('quantiles', () => {
  const latency = (...counts: readonly [number, number, number, number]): Latency => ({
    count: counts[3],
    sum: 0,
    buckets: [
      [0.001, counts[0]],
      [0.002, counts[1]],
      [0.004, counts[2]],
    ],
  });

  it('are interpolated within a bucket of what happened in between', () => {
    expect(quantileBetween(latency(90, 90, 90, 90), latency(90, 190, 190, 190), 0.5)).toBeCloseTo(0.0015);
    expect(quantileBetween(undefined, latency(10, 10, 10, 10), 0.5)).toBeCloseTo(0.0005);
  });

  it('beyond the last bound are that bound', () => {
    expect(quantileBetween(latency(0, 0, 0, 0), latency(0, 0, 0, 10), 0.99)).toBe(0.004);
  });

  it('begin at zero after a restart, and are not known without a decision', () => {
    expect(quantileBetween(latency(50, 60, 70, 80), latency(10, 10, 10, 10), 0.5)).toBeCloseTo(0.0005);
    expect(quantileBetween(latency(5, 5, 5, 5), latency(5, 5, 5, 5), 0.5)).toBeUndefined();
    expect(quantileBetween(undefined, undefined, 0.5)).toBeUndefined();
  });
});

describe('a line', () => {
  const size = { width: 100, height: 50, places: 5, top: 10 };

  it('ends at the right edge, and its top is the highest value', () => {
    expect(linePath([0, 10, 5], size)).toBe('M50.0 50.0h0L75.0 0.0L100.0 25.0');
  });

  it('has a gap where a value is missing', () => {
    expect(linePath([5, undefined, 5], size)).toBe('M50.0 25.0h0M100.0 25.0h0');
  });

  it('lies on the ground where everything is zero', () => {
    expect(linePath([0, 0], { ...size, top: 0 })).toBe('M75.0 50.0h0L100.0 50.0');
  });
});
