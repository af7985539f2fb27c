import { describe, expect, it } from 'vitest';
import { breakerKey, breakerText, isStopping, readBreakers } from '../../src/api/breaker.ts';
import { breakerCase } from '../support/observed.ts';

const dataOf = (...all: readonly ReturnType<typeof breakerCase>[]): Record<string, string> =>
  Object.fromEntries(all.map((one) => [breakerKey(one), breakerText(one)]));

describe('the ConfigMap of the circuit breakers', () => {
  it('has them as they were written, under keys that a ConfigMap accepts', () => {
    const all = [
      breakerCase({ trial: 'shop/web-1' }),
      breakerCase({ namespace: '', workload: '', shown: '' }),
      breakerCase({ namespace: 'n'.repeat(63), workload: `ReplicaSet/${'w'.repeat(253)}` }),
    ];
    const data = dataOf(...all);
    for (const key of Object.keys(data)) expect(key).toMatch(/^[-._a-zA-Z0-9]{1,253}$/);
    expect([...readBreakers(data).values()]).toEqual(all);
  });

  it('with anything else has no breaker: anyone who may write it could have made it up', () => {
    const key = breakerKey(breakerCase());
    const text = breakerText(breakerCase());
    const wrong = [
      '',
      '[]',
      '{',
      'null',
      text.replace('"open"', '"ajar"'),
      text.replace('true', '"yes"'),
      'x'.repeat(10_000),
    ];
    for (const one of wrong) expect(readBreakers({ [key]: one }).size, one.slice(0, 60)).toBe(0);
    expect(readBreakers({ other: text, [key]: 7 }).size).toBe(0);
  });

  it('has a bounded number', () => {
    const many = Array.from({ length: 900 }, (_, index) => breakerCase({ workload: `ReplicaSet/w${index}` }));
    expect(readBreakers(dataOf(...many)).size).toBe(500);
  });
});

describe('a breaker', () => {
  it.each([
    ['open', {}, true],
    ['suspected', { phase: 'suspected' as const }, true],
    ['half open, before its trial', { phase: 'half-open' as const }, false],
    ['half open, with its trial', { phase: 'half-open' as const, trial: 'shop/web-1' }, true],
    ['cleared', { phase: 'cleared' as const }, false],
    ['open, but reports only', { stops: false }, false],
  ])('that is %s', (_, given, stops) => expect(isStopping(breakerCase(given))).toBe(stops));
});
