import { describe, expect, it } from 'vitest';
import { encodeVerdict, resourceIn } from '../../src/admission/resource-review.ts';
import { decodeReview } from '../../src/admission/review.ts';
import type { JsonObject } from '../../src/lib/json.ts';

const object: JsonObject = { kind: 'AgentProfile', metadata: { name: 'acme' }, spec: { vendor: 'Acme' } };

const request = (change: JsonObject = {}): JsonObject => ({
  uid: 'u',
  operation: 'CREATE',
  resource: { group: 'agent-injector.io', version: 'v1alpha1', resource: 'agentprofiles' },
  object,
  ...change,
});

describe('a review of a resource', () => {
  it.each([
    ['created', {}],
    ['changed', { operation: 'UPDATE', oldObject: { ...object, spec: { vendor: 'Acme', language: 'java' } } }],
  ])('is judged when it is %s', (_, change) => {
    expect(
      decodeReview({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: request(change) }),
    ).toEqual({
      kind: 'resource',
      review: { uid: 'u', object },
    });
  });

  it.each([
    [
      'only its metadata changes',
      { operation: 'UPDATE', oldObject: { ...object, metadata: { name: 'acme', finalizers: ['x'] } } },
    ],
    ['it is deleted', { operation: 'DELETE', object: null }],
    ['its status is written', { operation: 'UPDATE', subResource: 'status', oldObject: {} }],
  ])('is not judged when %s', (_, change) => {
    expect(resourceIn('u', request(change))).toEqual({ kind: 'unadvised', uid: 'u' });
  });

  it('is none of another group', () => {
    const resource = { group: 'example.com', version: 'v1', resource: 'agentprofiles' };
    expect(resourceIn('u', request({ resource }))).toBeUndefined();
  });
});

describe('the verdict', () => {
  it('allows what has no errors', () => {
    expect(encodeVerdict('u', [])).toMatchObject({ response: { uid: 'u', allowed: true } });
  });

  it('refuses with all errors, up to ten', () => {
    const problems = Array.from({ length: 12 }, (_, index) => `spec.a${index}: is missing`);
    const { response } = encodeVerdict('u', problems) as {
      response: { allowed: boolean; status: { message: string } };
    };
    expect(response.allowed).toBe(false);
    expect(response.status.message.split('\n')).toEqual([...problems.slice(0, 10), 'and 2 more']);
  });
});
