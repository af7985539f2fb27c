import { describe, expect, it } from 'vitest';
import { isTooDense } from '../../src/webhook/body.ts';

describe('the limit on the density of JSON', () => {
  const values = (count: number, value: string): string => `[${Array.from({ length: count }, () => value).join(',')}]`;
  it.each([
    ['accepts any small body', '['.repeat(100_000), false],
    ['accepts a pod of 40,000 variables', values(40_000, '{"name":"VARIABLE","value":"a value"}'), false],
    ['accepts a pod of a few long strings', values(100, JSON.stringify('[{,:'.repeat(10_000))), false],
    ['accepts a string of escapes', values(10, JSON.stringify('\\",[{'.repeat(50_000))), false],
    ['accepts a string without an end', `"${'{'.repeat(1_000_000)}`, false],
    ['rejects a body of brackets', values(200_000, '[]'), true],
    ['rejects a body of keys', values(100_000, '{"a":1}'), true],
    ['rejects a body of numbers', values(500_000, '1'), true],
  ])('%s', (_, text, expected) => {
    expect(isTooDense(Buffer.from(text))).toBe(expected);
  });
});
