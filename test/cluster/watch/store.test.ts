import { expect, test } from 'vitest';
import { IndexedStore } from '../../../src/cluster/watch/store.ts';

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
