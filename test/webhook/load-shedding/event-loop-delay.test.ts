import { beforeEach, expect, it } from 'vitest';
import { EventLoopDelay } from '../../../src/webhook/load-shedding/event-loop-delay.ts';
import { ManualClock } from '../../support/manual-clock.ts';

let clock: ManualClock;
let endIteration: () => void;
let delay: EventLoopDelay;
beforeEach(() => {
  clock = new ManualClock();
  delay = new EventLoopDelay(clock, (action) => (endIteration = action));
  delay.start();
  endIteration();
});

/** One iteration of the event loop that reads from a socket and then works for this long. Returns how long the data may have waited. */
function iteration(workMs: number): number {
  delay.recordRead();
  const waitedMs = clock.now() - delay.earliestArrival();
  clock.advance(workMs);
  endIteration();
  return waitedMs;
}

/** An idle event loop, which only runs the timers that are due. */
function idle(ms: number): void {
  for (let passed = 0; passed < ms; passed += 1) {
    clock.advance(1);
    endIteration();
  }
}

it('data that arrives while the loop is idle has waited for at most two ticks', () => {
  for (let count = 0; count < 3; count++) {
    idle(1000);
    expect(iteration(1)).toBeLessThanOrEqual(100);
  }
});

it('data that arrives during a long iteration has waited for at least that iteration, and at most for one tick more', () => {
  idle(100);
  iteration(300);
  const waitedMs = iteration(1);
  expect(waitedMs).toBeGreaterThanOrEqual(300);
  expect(waitedMs).toBeLessThanOrEqual(350);
});

it('a long iteration does not count for data that arrives after it', () => {
  iteration(300);
  iteration(1);
  iteration(1);
  expect(iteration(1)).toBeLessThanOrEqual(2);
});

it('an iteration that was long without a read counts for what arrived during it, and not for what arrived after it', () => {
  idle(100);
  // Timers, other servers of the process, garbage collection. The tick after it begins the next iteration.
  clock.advance(300);
  const waitedMs = iteration(1);
  expect(waitedMs).toBeGreaterThanOrEqual(300);
  expect(waitedMs).toBeLessThanOrEqual(400);
  expect(iteration(1)).toBeLessThanOrEqual(50);
});

it('the same bound holds for everything that is read in one iteration', () => {
  idle(100);
  delay.recordRead();
  const first = delay.earliestArrival();
  clock.advance(300);
  delay.recordRead();
  expect(delay.earliestArrival()).toBe(first);
});

it('no timer is left after the stop', () => {
  delay.stop();
  expect(clock.open).toBe(0);
});
