import { expect, it } from 'vitest';
import { contains, type Json } from '../../src/lib/json.ts';

it.each<[boolean, Json | undefined, Json | undefined]>([
  [true, { secretKeyRef: { name: 'a', key: 'b', optional: true } }, { secretKeyRef: { name: 'a', key: 'b' } }],
  [false, { secretKeyRef: { name: 'a' } }, { secretKeyRef: { name: 'a', key: 'b' } }],
  [false, undefined, {}],
  [true, undefined, undefined],
  [true, { a: [1, 2] }, { a: [1, 2] }],
  [false, { a: [1, 2] }, { a: [1] }],
  [false, '1', 1],
])('%s: %j contains %j', (expected, value, part) => expect(contains(value, part)).toBe(expected));
