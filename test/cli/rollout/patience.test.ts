import { expect, it } from 'vitest';
import { Patience } from '../../../src/cli/rollout/patience.ts';
import type { Progress } from '../../../src/kubernetes/rollout/progress.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const pace = { settleMs: 10_000, timeoutMs: 60_000 };
const complete: Progress = { kind: 'complete' };
const going = (what: string): Progress => ({ kind: 'progressing', what });

it('a workload is complete once its pods have been available without a break', () => {
  const clock = new ManualClock();
  const patience = new Patience(pace, clock);
  const look = (ms: number, progress: Progress, isAvailable = true): Progress['kind'] => {
    clock.advance(ms);
    return patience.settle('a', progress, isAvailable).kind;
  };
  expect(look(0, going('1 of 2'))).toBe('progressing');
  expect(look(1000, complete)).toBe('progressing');
  expect(look(9000, complete)).toBe('progressing');
  expect(look(500, complete, false)).toBe('progressing');
  expect(look(1000, complete)).toBe('progressing');
  expect(look(9999, complete)).toBe('progressing');
  expect(look(1, complete)).toBe('complete');
  expect(look(0, { kind: 'failed', why: 'it crashes' })).toBe('failed');
});

it('a workload has failed after a time without progress, and not while it goes on', () => {
  const clock = new ManualClock();
  const patience = new Patience(pace, clock);
  for (let pods = 0; pods < 5; pods++) {
    expect(patience.limit('a', going(`${pods} of 5`)).kind).toBe('progressing');
    clock.advance(50_000);
  }
  clock.advance(10_000);
  const ended = patience.limit('a', going('4 of 5'));
  expect(ended).toMatchObject({ kind: 'failed', why: expect.stringContaining('4 of 5') });
  expect(patience.limit('b', going('4 of 5')).kind).toBe('progressing');
});
