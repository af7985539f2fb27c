import { describe, expect, it } from 'vitest';
import { readArguments, rowNames } from './arguments.ts';
import { SampleBook, type Samples } from './samples.ts';
import { boundOf, isMet, shown, targets, verdictsOn } from './targets.ts';

const throughputOf = (product: readonly number[], fastify: readonly number[]): Samples => ({
  'throughput/8/product/perSecond': product,
  'throughput/8/fastify/perSecond': fastify,
});
const verdict = (samples: Samples, what: string) =>
  verdictsOn(samples, rowNames).find(({ target }) => target.what.startsWith(what));

describe('a verdict', () => {
  it('uses the median of the rounds', () => {
    const what = 'reviews/s at 8 connections, relative to bare Fastify';
    expect(verdict(throughputOf([800, 100, 760], [1000, 1000, 1000]), what)).toMatchObject({ value: 0.76, met: true });
    expect(verdict(throughputOf([700, 990, 740], [1000, 1000, 1000]), what)).toMatchObject({ value: 0.74, met: false });
  });

  it('is negative for a target that was not measured', () => {
    for (const { value, met } of verdictsOn({}, rowNames)) {
      expect(Number.isFinite(value)).toBe(false);
      expect(met).toBe(false);
    }
  });

  it('on memory compares a difference', () => {
    const samples = { 'memory/idle/product/rss': [90, 91, 92], 'memory/idle/fastify/rss': [60, 62, 61] };
    expect(verdict(samples, 'memory at rest')).toMatchObject({ value: 30, met: true });
  });

  it('on growth compares the cost per container', () => {
    const grown = (thirty: number): Samples => ({
      'pod-growth/1x20/product/cpu': [100],
      'pod-growth/10x20/product/cpu': [190],
      'pod-growth/30x20/product/cpu': [thirty],
    });
    expect(verdict(grown(390), 'CPU per additional container')).toMatchObject({ value: 1, met: true });
    expect(verdict(grown(900), 'CPU per additional container')).toMatchObject({ met: false });
  });

  it.each([
    [{ most: 1.33 }, 1.33, true],
    [{ most: 1.33 }, 1.334, false],
    [{ least: 0.75 }, 0.75, true],
    [{ least: 0.75 }, 0.749, false],
    [{ most: 2000 }, 2001, false],
    [{ most: 1 }, Number.NaN, false],
  ])('%o is met by %d: %s', (bound, value, met) => expect(isMet(bound, value)).toBe(met));

  it('is given for the requested rows', () => {
    expect(new Set(targets.map(({ row }) => row))).toEqual(new Set(rowNames));
    expect(verdictsOn({}, ['memory'])).toHaveLength(3);
  });
});

it('figures are shown with about three digits', () => {
  expect([0.7456, 2.345, 12.34, 1234.5, 3, Number.NaN].map(shown)).toEqual([
    '0.746',
    '2.35',
    '12.3',
    '1235',
    '3',
    'NaN',
  ]);
  expect(boundOf({ row: 'memory', what: '', unit: 'MiB', most: 100, value: () => 0 })).toBe('at most 100 MiB');
});

it('samples are stored by row, case, server and figure, with five digits', () => {
  const book = new SampleBook();
  const key = { row: 'memory', variant: 'idle', server: 'product', figure: 'rss' };
  book.add(key, 64.123456);
  book.add(key, 65);
  expect(book.samples).toEqual({ 'memory/idle/product/rss': [64.123, 65] });
});

describe('the command line', () => {
  it('is parsed', () => {
    expect(readArguments(['--only', 'memory,creation', '--seconds', '2', '--rounds', '1'])).toMatchObject({
      only: ['memory', 'creation'],
      seconds: 2,
      rounds: 1,
      reviews: 200_000,
    });
    expect(readArguments(['--profile'])).toMatchObject({ profile: 'product' });
    expect(readArguments(['--profile=raw', '--long'])).toMatchObject({ profile: 'raw', reviews: 1_000_000 });
  });

  it.each([
    [['--only', 'speed'], 'no such row'],
    [['--seconds', '0'], 'not a number above 0'],
    [['--profile=go'], 'there are product, fastify and raw'],
    [['--only', 'memory', '--write'], 'whole runs only'],
    [['--seconds', '1', '--write'], 'whole runs only'],
  ])('%j is refused', (args, sentence) => expect(() => readArguments(args)).toThrow(sentence));
});
