import { describe, expect, it } from 'vitest';
import { ownKeysOf } from '../../../src/cluster/events/workload-lookup.ts';

const keys = (count: number, length: number): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`agent-injector.io/${index}`.padEnd(length, 'x'), 'a value']),
  );

describe('our keys in the metadata of a workload', () => {
  it('are all that is kept of it, without their values', () => {
    const metadata = { labels: { app: 'web' }, annotations: { 'agent-injector.io/profile': 'x', other: 'x' } };
    expect(ownKeysOf(metadata)).toEqual({ labels: {}, annotations: { 'agent-injector.io/profile': '' } });
    expect(ownKeysOf(undefined)).toEqual({ labels: {}, annotations: {} });
  });

  it.each([
    ['many', keys(3000, 20)],
    ['long', keys(1000, 250)],
  ])('are bounded if they are %s', (_, all) => {
    const kept = ownKeysOf({ labels: all, annotations: all });
    expect(JSON.stringify(kept).length).toBeLessThan(10_000);
    expect(Object.keys(kept['labels'] ?? {}).length).toBeGreaterThan(10);
  });
});
