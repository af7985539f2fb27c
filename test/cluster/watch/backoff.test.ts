import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Cycle, delayAfter, describeInterruption, type Interruption } from '../../../src/cluster/watch/backoff.ts';
import { defaultTiming } from '../../../src/cluster/watch/timing.ts';

const refused: Interruption = {
  kind: 'failed',
  failure: { kind: 'network', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' },
};
const silent: Interruption = { kind: 'silent', afterMs: 45_000 };
const cycle = (some: Partial<Cycle>): Cycle => ({
  interruption: silent,
  failures: 1,
  requests: 1,
  elapsedMs: 0,
  ...some,
});

test('a failed cycle takes at least a second for each of its requests', () => {
  const cycles = fc.record({
    failures: fc.nat(50),
    requests: fc.integer({ min: 1, max: 40 }),
    elapsedMs: fc.nat(100_000),
  });
  fc.assert(
    fc.property(cycles, fc.double({ min: 0, max: 0.999, noNaN: true }), fc.boolean(), (some, random, down) => {
      const delay = delayAfter(cycle({ ...some, ...(down ? { interruption: refused } : {}) }), defaultTiming, random);
      expect(delay + some.elapsedMs).toBeGreaterThanOrEqual(some.requests * 1000);
      expect(delay).toBeLessThanOrEqual(Math.max(defaultTiming.maxDelayMs, 1.25 * some.requests * 1000));
    }),
  );
});

test('a refused connection is retried after about a second, however long the server is down', () => {
  expect(delayAfter(cycle({ interruption: refused, failures: 0 }), defaultTiming, 0)).toBe(1_000);
  expect(delayAfter(cycle({ interruption: refused, failures: 0 }), defaultTiming, 0.99)).toBeLessThan(1_250);
});

test('the delay after other failures doubles up to the maximum, with jitter', () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 100].map((failures) =>
    delayAfter(cycle({ failures, elapsedMs: 60_000 }), defaultTiming, 0.5),
  );
  expect(delays).toEqual([187.5, 375, 750, 1_500, 3_000, 6_000, 7_500, 7_500]);
});

test('the periodic list is not delayed, and Retry-After is honoured', () => {
  expect(delayAfter(cycle({ interruption: { kind: 'due' }, failures: 0, elapsedMs: 60_000 }), defaultTiming, 0.5)).toBe(
    0,
  );
  const failure = { kind: 'http', status: 429, reason: '', message: '', retryAfterMs: 20_000 } as const;
  expect(delayAfter(cycle({ interruption: { kind: 'failed', failure } }), defaultTiming, 0)).toBe(20_000);
  expect(describeInterruption({ kind: 'failed', failure })).toContain('429');
});
