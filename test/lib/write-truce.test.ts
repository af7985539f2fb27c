import { expect, test } from 'vitest';
import { WriteTruce } from '../../src/lib/write-truce.ts';
import { ManualClock } from '../support/manual-clock.ts';

function fight(seconds: number, truce: WriteTruce, clock: ManualClock): number {
  let written = 0;
  for (let second = 0; second < seconds; second += 1) {
    if (truce.delay() === 0) {
      truce.written();
      written += 1;
    }
    clock.advance(1000);
  }
  return written;
}

test('a fight is ten writes, then one every ten seconds for as long as it lasts', () => {
  const clock = new ManualClock();
  const truce = new WriteTruce(clock, 10);
  expect(fight(10, truce, clock)).toBe(10);
  expect(truce.isOn()).toBe(false);
  expect(truce.delay()).toBe(9000);
  expect(truce.isOn()).toBe(true);
  expect(fight(600, truce, clock)).toBe(60);
});

test('a truce ends after a minute in which nothing had to be written', () => {
  const clock = new ManualClock();
  const truce = new WriteTruce(clock, 10);
  fight(100, truce, clock);
  clock.advance(58_000);
  expect(truce.isOn()).toBe(true);
  clock.advance(2000);
  expect(truce.isOn()).toBe(false);
  expect(fight(10, truce, clock)).toBe(10);
});

test('ten writes in more than a minute are no fight', () => {
  const clock = new ManualClock();
  const truce = new WriteTruce(clock, 10);
  for (let index = 0; index < 100; index += 1) {
    expect(truce.delay()).toBe(0);
    truce.written();
    clock.advance(6100);
  }
});
