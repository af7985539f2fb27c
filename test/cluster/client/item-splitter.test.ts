import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ItemSplitter } from '../../../src/cluster/client/item-splitter.ts';

/** Splits a text that arrives in pieces of this many bytes. */
function split(text: string, size: number): { readonly items: readonly unknown[]; readonly envelope: unknown } {
  const splitter = new ItemSplitter();
  const bytes = Buffer.from(text);
  const items: unknown[] = [];
  for (let at = 0; at < bytes.length; at += size)
    for (const item of splitter.push(bytes.subarray(at, at + size))) items.push(JSON.parse(item));
  return { items, envelope: JSON.parse(splitter.envelope()) };
}

describe('a list that arrives in pieces', () => {
  test.each([1, 2, 3, 7, 64, 1_000_000])('of %i bytes', (size) => {
    const items = [{ a: '}],{"items":[' }, { b: [{ c: [1, 2] }], d: 'é"\\' }, {}];
    const list = { kind: 'List', metadata: { continue: 'x', items: [{ no: 1 }] }, items, after: [{ e: 1 }] };
    for (const indent of [undefined, 2]) {
      const { items: _, ...rest } = list;
      expect(split(JSON.stringify(list, null, indent), size)).toEqual({ items, envelope: { ...rest, items: [] } });
    }
  });

  test('is the same as parsed at once, whatever is in it', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(object, fc.array(object), fc.integer({ min: 1, max: 40 }), (rest, items, size) => {
        const text = JSON.stringify({ ...rest, items });
        const expected = JSON.parse(text) as Record<string, unknown>;
        expect(split(text, size)).toEqual({ items: expected['items'], envelope: { ...expected, items: [] } });
      }),
    );
  });

  test.each(['{"items":null}', '{"items":[]}', '{"kind":"items","x":[{}]}', '{"items":[1]}', '[]'])(
    'without objects in it: %s',
    (text) => {
      expect(split(text, 1).items).toEqual([]);
    },
  );

  test('holds one item at a time', () => {
    const splitter = new ItemSplitter();
    const item = Buffer.from(`${JSON.stringify({ text: 'x'.repeat(10_000) })},`);
    splitter.push(Buffer.from('{"items":['));
    for (let count = 0; count < 100; count += 1) {
      expect(splitter.push(item)).toHaveLength(1);
      expect(splitter.pending).toBeLessThan(100);
    }
  });
});
