import { describe, expect, test } from 'vitest';
import { normalise } from './golden.ts';

const uid = '0f5d5b2c-9a53-4ed5-93ab-6a3a0b6d3b1e';

describe('normalise', () => {
  test('replaces each random part with a placeholder, and keeps what the author wrote', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        uid,
        name: 'report-29384756-x2x4z',
        generateName: 'report-29384756-',
        managedFields: [{ manager: 'x' }],
        labels: { 'batch.kubernetes.io/controller-uid': uid, 'job-name': 'report-29384756' },
        ownerReferences: [{ kind: 'Job', name: 'report-29384756', uid }],
        creationTimestamp: '2026-11-20T12:00:00Z',
        resourceVersion: '7',
      },
      spec: {
        volumes: [{ name: 'kube-api-access-abcde' }],
        containers: [{ name: 'app', env: [{ name: 'ID', value: uid }] }],
      },
      status: { startTime: '2026-11-20T12:00:00Z' },
    };
    expect(normalise(pod)).toBe(`apiVersion: v1
kind: Pod
metadata:
  creationTimestamp: <time>
  generateName: report-<minute>-
  labels:
    batch.kubernetes.io/controller-uid: <uid>
    job-name: report-<minute>
  name: report-<minute>-<suffix>
  ownerReferences:
  - kind: Job
    name: report-<minute>
    uid: <uid>
  resourceVersion: <resourceVersion>
  uid: <uid>
spec:
  containers:
  - env:
    - name: ID
      value: ${uid}
    name: app
  volumes:
  - name: kube-api-access-<suffix>
status:
  startTime: <time>
`);
  });

  test('keeps the name of a pod of a StatefulSet', () => {
    expect(normalise({ metadata: { name: 'web-0', generateName: 'web-' } })).toBe(
      'metadata:\n  generateName: web-\n  name: web-0\n',
    );
  });
});
