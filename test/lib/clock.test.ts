import { describe, expect, it } from 'vitest';
import { sleep } from '../../src/lib/clock.ts';
import { ManualClock } from '../support/manual-clock.ts';

describe('sleep', () => {
  it('resolves after the time, and not before', async () => {
    const clock = new ManualClock();
    const sleeping = sleep(clock, 100);
    clock.advance(99);
    expect(clock.open).toBe(1);
    clock.advance(1);
    await sleeping;
    clock.expectNoTimers();
  });

  it('resolves as soon as the signal is aborted, without a timer left', async () => {
    const clock = new ManualClock();
    const stopping = new AbortController();
    const sleeping = sleep(clock, 100, stopping.signal);
    expect(clock.open).toBe(1);
    stopping.abort();
    await sleeping;
    clock.expectNoTimers();
  });

  it('sets no timer if the signal is aborted already', async () => {
    const clock = new ManualClock();
    await sleep(clock, 100, AbortSignal.abort());
    clock.expectNoTimers();
  });
});
