import { expect, it } from 'vitest';
import { oneLine, pathText, quote, splitList } from '../../src/lib/text.ts';

it.each([
  [['spec', 'mounts', 0, 'path'], 'spec.mounts[0].path'],
  [['metadata', 'labels', 'a.b/c'], 'metadata.labels["a.b/c"]'],
  [[0], '[0]'],
  [[], ''],
])('the path %j as text', (path, expected) => expect(pathText(path)).toBe(expected));

it('text on one line has no control characters, and ends in an ellipsis if it is too long', () => {
  expect(oneLine('a\nb\u2028c\u{200b}d', 10)).toBe('a b c d');
  expect(oneLine('abcdef', 6)).toBe('abcdef');
  expect(oneLine('abcdefg', 6)).toBe('abcde…');
});

it('a surrogate pair that is cut in two leaves no half', () => {
  expect(oneLine('abc😀def', 5)).toBe('abc …');
});

it('quotes shorten what they contain', () => {
  expect(quote('web')).toBe('"web"');
  expect(quote('a'.repeat(41))).toBe(`"${'a'.repeat(39)}…"`);
});

it('a list is split at commas, without spaces and empty words', () => {
  expect(splitList(' a, b,,c ,')).toEqual(['a', 'b', 'c']);
});
