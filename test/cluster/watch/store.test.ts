import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedStore, IndexedStore, SharedOutStore, SharingStore } from '../../../src/cluster/watch/store.ts';

test('an indexed store finds by key and by index, whatever changes', () => {
  const store = new IndexedStore<{ readonly in: string | undefined }>((value) => value.in);
  const [one, two, three] = [{ in: 'a' }, { in: 'a' }, { in: undefined }];
  store.set('1', one);
  store.set('2', two);
  store.set('3', three);
  expect([store.size, store.byIndex('a'), store.byIndex('b')]).toEqual([3, [one, two], []]);
  store.set('1', { in: 'b' });
  expect([store.size, store.byIndex('a'), store.byIndex('b')]).toEqual([3, [two], [{ in: 'b' }]]);
  store.delete('2');
  store.delete('2');
  store.delete('3');
  expect([store.size, store.byIndex('a'), store.get('2'), store.get('1')]).toEqual([1, [], undefined, { in: 'b' }]);
});

test('objects of one value share it, and the distinct values stay the same list while they are the same', () => {
  const store = new SharingStore<{ readonly version: string }>();
  for (const key of ['a', 'b', 'c']) store.set(key, { version: '1' });
  expect([store.size, store.get('b')]).toEqual([3, store.get('a')]);
  expect(store.get('b')).toBe(store.get('a'));
  const one = store.distinct();
  store.set('a', { version: '1' });
  store.delete('c');
  store.delete('c');
  expect(store.distinct()).toBe(one);
  store.set('a', { version: '2' });
  expect(store.distinct()).toEqual([{ version: '1' }, { version: '2' }]);
  store.delete('b');
  expect([store.size, store.distinct(), store.get('b')]).toEqual([1, [{ version: '2' }], undefined]);
});

test('a bounded store has every key, and values up to its limit', () => {
  const limit = 100;
  const change = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    size: fc.option(fc.integer({ min: 1, max: 60 })),
  });
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      let refused = 0;
      const store = new BoundedStore<number | undefined>({
        limit,
        sizeOf: (value) => value ?? 0,
        substitute: undefined,
        onFull: () => (refused += 1),
      });
      const expected = new Map<string, number | undefined>();
      const total = (): number => [...expected.values()].reduce<number>((sum, value) => sum + (value ?? 0), 0);
      let omitted = 0;
      for (const { key, size } of changes) {
        expected.delete(key);
        if (size === null) store.delete(key);
        else {
          const fits = total() + size <= limit;
          omitted += fits ? 0 : 1;
          expected.set(key, fits ? size : undefined);
          store.set(key, size);
        }
        expect(store.size).toBe(expected.size);
        for (const name of ['a', 'b', 'c', 'd', 'e']) expect(store.get(name)).toBe(expected.get(name));
      }
      expect(refused).toBe(omitted);
    }),
  );
});

test('a store that is shared out has what fits into the share of its namespace, and into all of it', () => {
  const shares = { limit: 10, totalLimit: 16, sizeOf: Number, refused: () => 0 };
  const store = new SharedOutStore<number>(shares);
  const all = () => Object.fromEntries(store);
  store.set('a/1', 6).set('a/2', 5).set('b/1', 10);
  expect(all()).toEqual({ 'a/1': 6, 'a/2': 0, 'b/1': 10 });
  store.set('c/1', 1);
  expect(all()).toEqual({ 'a/1': 6, 'a/2': 0, 'b/1': 10, 'c/1': 0 });
  store.set('a/1', 4).set('a/2', 2);
  expect(all()).toEqual({ 'a/1': 4, 'a/2': 2, 'b/1': 10, 'c/1': 0 });
  expect([store.delete('b/1'), store.delete('b/1')]).toEqual([true, false]);
  store.set('c/1', 10);
  expect(all()).toEqual({ 'a/1': 4, 'a/2': 2, 'c/1': 10 });
});
