import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { peekReview as glimpseOf } from '../../../src/webhook/load-shedding/peek-uid.ts';

const glimpse = (body: string) => glimpseOf(Buffer.from(body));

const recorded = JSON.parse(readFileSync(new URL('../../e2e/recorded-sample.json', import.meta.url), 'utf8')) as {
  readonly request: Readonly<Record<string, unknown>>;
};
const { request } = recorded;
const text = (changes: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ ...recorded, request: { ...request, ...changes } });

describe('the glimpse of a review', () => {
  it('has what an API server wrote into a recorded one', () => {
    expect(glimpse(text())).toEqual({ uid: request['uid'], namespace: 'net-sample', mayBeRequired: false });
  });

  it('says that a pod may be required', () => {
    const labels = { 'agent-injector.io/injection': 'required' };
    expect(glimpse(text({ object: { metadata: { labels } } }))).toMatchObject({ mayBeRequired: true });
  });

  it.each([
    ['of an update', { operation: 'UPDATE' }],
    ['of another resource', { resource: { group: 'apps', version: 'v1', resource: 'deployments' } }],
    ['with a uid that needs escapes', { uid: 'a"b' }],
    ['with a uid that is too long', { uid: 'x'.repeat(129) }],
    ['with a namespace that is none', { namespace: 'a\\b' }],
  ])('there is none %s', (_, changes) => {
    expect(glimpse(text(changes))).toBeUndefined();
  });

  it('there is none of keys in another order, or with spaces', () => {
    const { uid, ...rest } = request;
    expect(glimpse(JSON.stringify({ ...recorded, request: { ...rest, uid } }))).toBeUndefined();
    expect(glimpse(JSON.stringify(recorded, undefined, 2))).toBeUndefined();
  });

  it('never says anything else than a parser', () => {
    const value = fc.oneof(fc.string(), fc.constant('x'), fc.dictionary(fc.string(), fc.string()));
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), value, (uid, namespace, name) => {
        const body = text({ uid, namespace, name });
        const seen = glimpse(body);
        if (!seen) return;
        const parsed = JSON.parse(body) as typeof recorded;
        expect([seen.uid, seen.namespace]).toEqual([parsed.request['uid'], parsed.request['namespace']]);
      }),
      { numRuns: 2000 },
    );
  });
});
