import { expect, it } from 'vitest';
import { isGlob, matchesGlob } from '../../src/lib/glob.ts';

it.each([
  ['web', 'web', true],
  ['web', 'web-1', false],
  ['web*', 'web-1', true],
  ['*-proxy', 'istio-proxy', true],
  ['*a*b', 'xaxxab', true],
  ['*a*b', 'xaxxa', false],
  ['w?b', 'web', true],
  ['w?b', 'wb', false],
  ['*', '', true],
  ['', '', true],
  ['a.c', 'abc', false],
])('the glob %j against %j: %s', (pattern, name, expected) => expect(matchesGlob(pattern, name)).toBe(expected));

it('a name or a pattern above the maximum length never matches', () => {
  expect(matchesGlob('*', 'a'.repeat(63))).toBe(true);
  expect(matchesGlob('*', 'a'.repeat(64))).toBe(false);
  expect(matchesGlob('*'.repeat(64), 'a')).toBe(false);
  expect(matchesGlob('*', 'a'.repeat(64), 64)).toBe(true);
});

it('a glob has an asterisk or a question mark', () => {
  expect(['web', 'web*', 'w?b'].map(isGlob)).toEqual([false, true, true]);
});
