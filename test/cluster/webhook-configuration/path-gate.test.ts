import { beforeEach, describe, expect, test } from 'vitest';
import { PathGate } from '../../../src/cluster/webhook-configuration/path-gate.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const A = 'a'.repeat(32);
const B = 'b'.repeat(32);
const GRACE = 60_000;

let clock: ManualClock;
let gate: PathGate;
let isFresh: boolean;
beforeEach(() => {
  clock = new ManualClock();
  isFresh = true;
  gate = new PathGate({ clock, isFresh: () => isFresh });
});

const all = ['/mutate', '/mutate/required', `/mutate/${A}`, `/mutate/required/${A}`, `/mutate/${B}`];
const open = (): readonly string[] => all.filter((path) => gate.isOpen(path));

describe('open are', () => {
  test('all paths before the configuration was seen, and then only those that it shows', () => {
    expect(open()).toEqual(all);
    gate.show([`/mutate/${A}`]);
    expect(open()).toEqual([`/mutate/${A}`]);
  });

  test('those of the own secret, shown or not, also before the configuration has it', () => {
    gate.show(['/mutate', '/mutate/required']);
    gate.use(A);
    expect(open()).toEqual(all.slice(0, 4));
  });

  test('those that left the configuration, for the grace period and no longer', () => {
    gate.show(['/mutate', '/mutate/required']);
    gate.use(A);
    gate.show([`/mutate/${A}`, `/mutate/required/${A}`]);
    expect(open()).toEqual(all.slice(0, 4));
    clock.advance(GRACE - 1);
    expect(open()).toEqual(all.slice(0, 4));
    clock.advance(1);
    expect(open()).toEqual(all.slice(2, 4));
  });

  test('the previous secret as long as the configuration shows it, and for the grace period after', () => {
    gate.show([`/mutate/${A}`, `/mutate/required/${A}`]);
    gate.use(A);
    gate.use(B);
    clock.advance(10 * GRACE);
    expect(open()).toEqual(all.slice(2));
    gate.show([`/mutate/${B}`]);
    clock.advance(GRACE - 1);
    expect(open()).toEqual(all.slice(2));
    clock.advance(1);
    expect(open()).toEqual([`/mutate/${B}`]);
  });

  test('a path that comes back, from then on', () => {
    gate.show(['/mutate']);
    gate.show([`/mutate/${A}`]);
    clock.advance(GRACE);
    gate.show(['/mutate']);
    clock.advance(GRACE);
    expect(open()).toEqual(['/mutate']);
  });

  test('no fewer while the configuration cannot be seen, however long that takes', () => {
    gate.show(['/mutate', '/mutate/required']);
    gate.use(A);
    gate.show([`/mutate/${A}`]);
    isFresh = false;
    clock.advance(100 * GRACE);
    expect(open()).toEqual(all.slice(0, 4));
    gate.use(B);
    expect(open()).toEqual(all);
    isFresh = true;
    clock.advance(GRACE);
    expect(open()).toEqual([`/mutate/${A}`, `/mutate/${B}`]);
  });

  test('paths that are admitted, for the grace period', () => {
    gate.show([`/mutate/${A}`]);
    gate.admit(['/mutate']);
    expect(open()).toEqual(['/mutate', `/mutate/${A}`]);
    clock.advance(GRACE);
    expect(open()).toEqual([`/mutate/${A}`]);
  });
});
