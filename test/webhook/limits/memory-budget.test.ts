import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryBudget, type MemoryUse } from '../../../src/webhook/limits/memory-budget.ts';

const LIMIT = 100;
const KIB = 1024;

interface Named extends MemoryUse {
  readonly name: string;
}

const use = (address: string, name: string): Named => ({ address, name });

/** Takes what is in excess out, and returns the names in order. */
function turnedAway(budget: MemoryBudget<Named>, now: number): readonly string[] {
  const names: string[] = [];
  for (let one = budget.excess(now); one; one = budget.excess(now)) {
    names.push(one.name);
    budget.remove(one);
  }
  return names;
}

describe('uses of memory that do not fit together', () => {
  it('are all kept while they fit, no matter who has how much and how long they make no progress', () => {
    const budget = new MemoryBudget<Named>(LIMIT);
    budget.update(use('a', 'one'), LIMIT - 1, 1, 0);
    budget.update(use('b', 'other'), 1, 1, 0);
    expect(turnedAway(budget, 1e9)).toEqual([]);
  });

  it('lose the one without progress for the longest time, whatever its address has', () => {
    const budget = new MemoryBudget<Named>(LIMIT);
    const started = use('large', 'started');
    budget.update(started, 5, 1, 400);
    budget.update(use('small', 'stalled'), 5, 1, 500);
    budget.update(use('large', 'large'), 90, 1, 1000);
    budget.update(started, 5, 1 + 16 * KIB, 1000);
    budget.update(use('large', 'next'), 5, 1, 1001);
    expect(turnedAway(budget, 1001)).toEqual(['stalled']);
  });

  it('count as without progress while they receive less than 64 KiB a second', () => {
    const budget = new MemoryBudget<Named>(LIMIT);
    const slow = use('a', 'a byte each time');
    const fast = use('a', '16 KiB each time');
    budget.update(fast, 1, 1, 0);
    budget.update(slow, 1, 1, 0);
    for (let step = 1; step <= 10; step++) {
      budget.update(fast, 1, 1 + step * 16 * KIB, step * 200);
      budget.update(slow, 1, 1 + step, step * 200);
    }
    budget.update(use('b', 'new'), LIMIT - 1, 1, 2000);
    expect(turnedAway(budget, 2000)).toEqual([slow.name]);
  });

  it('lose the oldest of the address that has most while all make progress', () => {
    const budget = new MemoryBudget<Named>(LIMIT);
    budget.update(use('api server', 'review'), 30, 1, 0);
    budget.update(use('attacker', 'first'), 30, 1, 10);
    budget.update(use('attacker', 'second'), 30, 1, 20);
    budget.update(use('api server', 'next review'), 20, 1, 30);
    expect(turnedAway(budget, 30)).toEqual(['first']);
  });

  it('include the newest, if it is the only one of its address', () => {
    const budget = new MemoryBudget<Named>(LIMIT);
    budget.update(use('a', 'small'), 10, 1, 0);
    budget.update(use('b', 'huge'), LIMIT, 1, 1);
    expect(turnedAway(budget, 1)).toEqual(['huge']);
  });

  it('fit afterwards, and leave no trace when they end', () => {
    const step = fc.record({
      address: fc.constantFrom('a', 'b', 'c'),
      id: fc.nat(20),
      bytes: fc.nat(60),
      ms: fc.nat(300),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const budget = new MemoryBudget<Named>(LIMIT);
        const uses = new Map<string, Named>();
        const bytes = new Map<string, number>();
        let now = 0;
        for (const { address, id, bytes: more, ms } of steps) {
          now += ms;
          const name = `${address}${id}`;
          const one = uses.get(name) ?? use(address, name);
          uses.set(name, one);
          bytes.set(name, (bytes.get(name) ?? 0) + more);
          budget.update(one, bytes.get(name) ?? 0, bytes.get(name) ?? 0, now);
          for (const gone of turnedAway(budget, now)) {
            uses.delete(gone);
            bytes.delete(gone);
          }
          expect([...bytes.values()].reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(LIMIT);
        }
        for (const one of uses.values()) budget.remove(one);
        budget.update(use('new', 'new'), LIMIT, 1, now);
        expect(budget.excess(now)).toBeUndefined();
      }),
    );
  });
});
