import { describe, expect, it } from 'vitest';
import { percentile, ratios, spread } from './statistics.ts';

const hundred = Float64Array.from({ length: 100 }, (_, index) => index + 1);

describe('a percentile', () => {
  it.each([
    [0, 1],
    [0.5, 50],
    [0.99, 99],
    [0.991, 100],
    [1, 100],
  ])('of %d is the nearest rank', (share, value) => expect(percentile(hundred, share)).toBe(value));

  it('of few samples is one of the samples', () => {
    expect(percentile([3], 0.99)).toBe(3);
    expect(percentile([1, 2, 3], 0.5)).toBe(2);
    expect(percentile([], 0.5)).toBeNaN();
  });
});

describe('a spread', () => {
  it('has minimum, median and maximum, whatever the order', () => {
    expect(spread([5, 1, 3])).toEqual({ min: 1, median: 3, max: 5 });
    expect(spread([4, 1, 2, 3])).toEqual({ min: 1, median: 2.5, max: 4 });
    expect(spread([7])).toEqual({ min: 7, median: 7, max: 7 });
  });

  it('of no samples is NaN', () => expect(spread([]).median).toBeNaN());
});

describe('ratios', () => {
  it('are computed round by round, so that a slow round affects both sides', () => {
    expect(ratios([10, 200, 30], [20, 400, 60])).toEqual([0.5, 0.5, 0.5]);
  });

  it('need the same number of rounds on both sides', () => expect(() => ratios([1, 2], [1])).toThrow('2 rounds'));
});
