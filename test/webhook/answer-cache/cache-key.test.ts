import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cacheKey } from '../../../src/webhook/answer-cache/cache-key.ts';

describe('the hash of a cache key', () => {
  it('depends on the text alone, not on what was hashed before', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, between) => {
        const before = cacheKey(text).hash;
        cacheKey(between);
        expect(cacheKey(text).hash).toBe(before);
      }),
    );
  });

  it('differs with every single character', () => {
    const text = 'kube-api-access-'.repeat(200);
    const others = Array.from(text, (_, at) => `${text.slice(0, at)}!${text.slice(at + 1)}`);
    expect(new Set([text, ...others].map((each) => cacheKey(each).hash)).size).toBe(text.length + 1);
  });

  it('differs with the length', () => {
    const texts = Array.from({ length: 100 }, (_, length) => '\u0000'.repeat(length));
    expect(new Set(texts.map((text) => cacheKey(text).hash)).size).toBe(100);
  });

  it('spreads over the upper bits, which choose the place', () => {
    const places = Array.from({ length: 4096 }, (_, index) => cacheKey(`${'x'.repeat(3000)}${index}`).hash >>> 20);
    // Of 4,096 balls in 4,096 boxes, 63 % of the boxes have one.
    expect(new Set(places).size).toBeGreaterThan(2400);
  });

  it('is made of texts of any length and of any characters', () => {
    for (const text of ['', 'é', '日本', 'x'.repeat(300_000)]) expect(cacheKey(text).hash).toBeGreaterThanOrEqual(0);
  });
});
