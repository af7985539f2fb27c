import { describe, expect, it } from 'vitest';
import { decodeReview, type DecodedReview } from '../../src/admission/review.ts';
import { encodeAdvice } from '../../src/admission/workload-review.ts';
import { container } from '../support/fixtures.ts';

interface RequestParts {
  readonly resource?: object;
  readonly subResource?: string;
  readonly operation?: string;
  readonly metadata?: object;
  readonly template?: unknown;
}

const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [container('web')] } };

function decoded({
  resource = { group: 'apps', version: 'v1', resource: 'deployments' },
  operation = 'CREATE',
  metadata = { name: 'web' },
  template: given = template,
  ...rest
}: RequestParts): DecodedReview {
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { template: given } };
  const request = { uid: '1', resource, namespace: 'shop', operation, object, ...rest };
  return decodeReview(
    JSON.parse(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request })),
  );
}

describe('a review of a workload', () => {
  it('has the pod that its controller will create', () => {
    expect(decoded({})).toMatchObject({
      kind: 'workload',
      review: {
        uid: '1',
        namespace: 'shop',
        workload: { kind: 'Deployment', name: 'web' },
        pod: { metadata: { generateName: 'web-', ownerReferences: [{ kind: 'ReplicaSet' }] } },
      },
    });
    expect(decoded({ operation: 'UPDATE' }).kind).toBe('workload');
  });

  it.each([
    ['a ReplicaSet', { resource: { group: 'apps', version: 'v1', resource: 'replicasets' } }],
    ['another group', { resource: { group: 'apps.kruise.io', version: 'v1', resource: 'statefulsets' } }],
    ['a subresource', { subResource: 'scale' }],
    ['a deletion', { operation: 'DELETE' }],
  ])('is none of %s', (_, parts) => {
    expect(decoded(parts).kind).toBe('unanswerable');
  });

  it.each([
    [
      'a workload of a controller',
      { metadata: { name: 'web', ownerReferences: [{ kind: 'Rollout', controller: true }] } },
    ],
    ['a template that is none', { template: { spec: { containers: 'web' } } }],
    ['no template', { template: null }],
  ])('has nothing to say about %s', (_, parts) => {
    expect(decoded(parts)).toEqual({ kind: 'unadvised', uid: '1' });
  });

  it('is allowed whatever its pods get, and nothing is changed', () => {
    expect(encodeAdvice('1', ['why'])['response']).toEqual({ uid: '1', allowed: true, warnings: ['why'] });
    expect(encodeAdvice('1', [])['response']).toEqual({ uid: '1', allowed: true });
  });
});
