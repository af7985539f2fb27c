import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { peekReview } from '../../../src/webhook/load-shedding/peek-review.ts';

const peek = (body: string) => peekReview(Buffer.from(body));

const recorded = JSON.parse(readFileSync(new URL('../../e2e/recorded-sample.json', import.meta.url), 'utf8')) as {
  readonly request: Readonly<Record<string, unknown>>;
};
const { request } = recorded;
const text = (changes: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ ...recorded, request: { ...request, ...changes } });

describe('peeking at a review', () => {
  it('finds uid and namespace in a recorded review', () => {
    expect(peek(text())).toEqual({
      uid: request['uid'],
      namespace: 'net-sample',
      mayBeRequired: false,
      mayOptOut: false,
    });
  });

  it('reports that a pod may be required', () => {
    const labels = { 'agent-injector.io/injection': 'required' };
    expect(peek(text({ object: { metadata: { labels } } }))).toMatchObject({ mayBeRequired: true });
  });

  it.each([
    ['by its label', { labels: { 'agent-injector.io/injection': 'disabled' } }],
    ['by its annotation', { annotations: { 'agent-injector.io/inject': 'false' } }],
  ])('reports that a pod may opt out %s', (_, metadata) => {
    expect(peek(text({ object: { metadata } }))).toMatchObject({ mayOptOut: true });
  });

  it.each([
    ['of an update', { operation: 'UPDATE' }],
    ['of another resource', { resource: { group: 'apps', version: 'v1', resource: 'deployments' } }],
    ['with a uid that needs escapes', { uid: 'a"b' }],
    ['with a uid that is too long', { uid: 'x'.repeat(129) }],
    ['with an invalid namespace', { namespace: 'a\\b' }],
  ])('finds nothing in a review %s', (_, changes) => {
    expect(peek(text(changes))).toBeUndefined();
  });

  it('finds nothing in a review with keys in another order, or with white space', () => {
    const { uid, ...rest } = request;
    expect(peek(JSON.stringify({ ...recorded, request: { ...rest, uid } }))).toBeUndefined();
    expect(peek(JSON.stringify(recorded, undefined, 2))).toBeUndefined();
  });

  it('never finds anything else than a parser', () => {
    const value = fc.oneof(fc.string(), fc.constant('x'), fc.dictionary(fc.string(), fc.string()));
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), value, (uid, namespace, name) => {
        const body = text({ uid, namespace, name });
        const peeked = peek(body);
        if (!peeked) return;
        const parsed = JSON.parse(body) as typeof recorded;
        expect([peeked.uid, peeked.namespace]).toEqual([parsed.request['uid'], parsed.request['namespace']]);
      }),
      { numRuns: 2000 },
    );
  });
});
