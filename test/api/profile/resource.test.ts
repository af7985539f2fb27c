import { expect, it } from 'vitest';
import { documentOfResource, resourceOfDocument } from '../../../src/api/profile/resource.ts';

const head = { apiVersion: 'agent-injector.io/v1alpha1', kind: 'AgentProfile' };

it.each([
  ['complete', { vendor: 'Acme', deliveries: [] }],
  ['derived', { extends: 'acme', documentation: null }],
])('a document that is %s is the same after it was a resource', (_, spec) => {
  const document = { ...head, metadata: { name: 'acme' }, spec };
  const resource = resourceOfDocument(document);
  const stored = { ...resource, metadata: { name: 'acme', uid: '1', generation: 2, labels: {} }, status: {} };
  expect(documentOfResource(stored)).toEqual(document);
});

it('a derived profile stands under derived, and takes its place', () => {
  const document = { ...head, metadata: { name: 'acme' }, spec: { extends: 'acme' } };
  expect(resourceOfDocument(document)['spec']).toEqual({ derived: { extends: 'acme' } });
});

it('a resource without anything is a document that is judged', () => {
  expect(documentOfResource({})).toEqual({ apiVersion: null, kind: null, metadata: { name: null }, spec: null });
});
