import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectionTable } from '../../../src/webhook/limits/connection-table.ts';

const LIMIT = 8;

/** Opens connections of an address. Returns what was closed for them. */
function open(table: ConnectionTable, address: string, names: readonly string[]): readonly string[] {
  return names.flatMap((name) => table.open(name, address) ?? []);
}

function answer(table: ConnectionTable, names: readonly string[]): void {
  for (const name of names) {
    table.startRequest(name);
    table.endRequest(name, true);
  }
}

const numbered = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe('connections', () => {
  it('are all kept while there is room', () => {
    expect(open(new ConnectionTable(LIMIT), 'a', numbered('x', LIMIT))).toEqual([]);
  });

  it('without a review are closed first, oldest first, even if a request on them is not complete', () => {
    const table = new ConnectionTable(LIMIT);
    open(table, 'a', numbered('idle', 2));
    answer(table, numbered('idle', 2));
    open(table, 'a', numbered('x', 6));
    table.startRequest('x0');
    expect(open(table, 'a', ['y', 'z'])).toEqual(['x0', 'x1']);
  });

  it('of the address that has most are closed first', () => {
    const table = new ConnectionTable(LIMIT);
    open(table, 'api server', ['oldest', 'old']);
    open(table, 'attacker', numbered('x', 6));
    expect(open(table, 'other', ['new'])).toEqual(['x0']);
    expect(open(table, 'attacker', ['more'])).toEqual(['x1']);
  });

  it('of a flood close none on which reviews were answered', () => {
    const table = new ConnectionTable(LIMIT);
    open(table, 'api server', numbered('idle', 4));
    answer(table, numbered('idle', 4));
    const closed = open(table, 'attacker', numbered('x', 1000));
    expect(closed).toEqual(numbered('x', 996));
  });

  it('that idle after reviews make room for a new one, those that were used longest ago first', () => {
    const table = new ConnectionTable(LIMIT);
    open(table, 'a', numbered('idle', LIMIT));
    answer(table, numbered('idle', LIMIT));
    answer(table, ['idle0']);
    expect(open(table, 'a', ['new', 'next'])).toEqual(['idle1', 'idle2']);
  });

  it('that are busy with a review are not closed: the new one is', () => {
    const table = new ConnectionTable(LIMIT);
    open(table, 'a', numbered('busy', LIMIT));
    answer(table, numbered('busy', LIMIT));
    for (const name of numbered('busy', LIMIT)) table.startRequest(name);
    expect(open(table, 'b', ['new'])).toEqual(['new']);
    table.endRequest('busy3', true);
    expect(open(table, 'b', ['next'])).toEqual(['busy3']);
  });

  it('that begin a request are idle until it is there, and were used last', () => {
    const table = new ConnectionTable(LIMIT);
    open(table, 'a', numbered('slow', LIMIT));
    answer(table, numbered('slow', LIMIT));
    table.use('slow0');
    expect(open(table, 'b', ['new', 'next'])).toEqual(['slow1', 'slow2']);
  });

  it('are busy until the last of several requests is answered', () => {
    const table = new ConnectionTable(2);
    open(table, 'a', ['pipelined', 'idle']);
    answer(table, ['pipelined', 'idle']);
    table.startRequest('pipelined');
    table.startRequest('pipelined');
    table.endRequest('pipelined', true);
    expect(open(table, 'a', ['new'])).toEqual(['idle']);
  });

  it('are never more than the limit, and one that is open is closed for each above it, whatever happens', () => {
    const event = fc.record({
      kind: fc.constantFrom('open', 'open', 'use', 'request', 'answer', 'fail', 'close'),
      address: fc.constantFrom('a', 'b'),
      which: fc.nat(30),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const table = new ConnectionTable(LIMIT);
        const names = new Set<string>();
        const busy = new Map<string, number>();
        let count = 0;
        for (const { kind, address, which } of events) {
          const name = [...names][which % Math.max(1, names.size)] ?? '';
          if (kind === 'open') {
            names.add(`c${(count += 1)}`);
            const closed = table.open(`c${count}`, address);
            expect(closed === undefined).toBe(names.size <= LIMIT);
            if (closed !== undefined) expect(names.delete(closed)).toBe(true);
          } else if (kind === 'close') {
            names.delete(name);
            table.close(name);
          } else if (kind === 'use') {
            table.use(name);
          } else if (kind === 'request') {
            busy.set(name, (busy.get(name) ?? 0) + 1);
            table.startRequest(name);
          } else if ((busy.get(name) ?? 0) > 0) {
            busy.set(name, (busy.get(name) ?? 0) - 1);
            table.endRequest(name, kind === 'answer');
          }
        }
        expect(names.size).toBeLessThanOrEqual(LIMIT);
      }),
    );
  });
});
