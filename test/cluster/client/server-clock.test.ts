import { expect, it } from 'vitest';
import { ServerClock } from '../../../src/cluster/client/server-clock.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-03-01T12:00:00Z');

function begin() {
  const clock = new ManualClock();
  let shift = 0;
  const time = new ServerClock(clock, () => START + clock.now() + shift);
  return {
    clock,
    time,
    step: (ms: number) => {
      shift += ms;
    },
  };
}

it('is the time of this machine while the API server’s time is unknown or agrees', () => {
  const { time } = begin();
  expect(time.now()).toEqual(new Date(START));
  time.observe(undefined);
  time.observe('no date');
  expect(time.aheadMs()).toBe(0);
  time.observe(new Date(START - 500_000).toUTCString());
  expect(time.aheadMs()).toBe(0);
  expect(time.now()).toEqual(new Date(START));
});

it.each([365 * DAY, -365 * DAY])('does not follow when the clock of this machine is set by %d ms', (by) => {
  const { clock, time, step } = begin();
  time.observe(new Date(START).toUTCString());
  step(by);
  clock.advance(60_000);
  expect(time.aheadMs()).toBe(by);
  expect(time.now()).toEqual(new Date(START + 60_000));
  step(-by);
  expect(time.aheadMs()).toBe(0);
  expect(time.now()).toEqual(new Date(START + 60_000));
});
