import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../src/lib/token-bucket.ts';
import { ManualClock } from '../support/manual-clock.ts';

describe('TokenBucket', () => {
  it('allows the burst, then returns the time until the next token', () => {
    const bucket = new TokenBucket(new ManualClock(), 4, 2);
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([0, 0, 250]);
  });

  it('refills at its rate', () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket(clock, 4, 1);
    bucket.take();
    clock.advance(100);
    expect(bucket.take()).toBe(150);
    clock.advance(150);
    expect(bucket.take()).toBe(0);
  });

  it('never holds more than the burst', () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket(clock, 4, 2);
    clock.advance(3_600_000);
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([0, 0, 250]);
  });
});
