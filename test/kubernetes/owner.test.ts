import { describe, expect, it } from 'vitest';
import { attributeKindOf, workloadNameOf } from '../../src/kubernetes/owner.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { pod } from '../support/fixtures.ts';

const podOf = (kind: string, name: string, labels: Record<string, string> = {}): Pod => {
  const owner = { apiVersion: 'v1', kind, name, uid: '', controller: true };
  return { ...pod(), metadata: { name: `${name}-x7k2p`, labels, ownerReferences: [owner] } };
};

describe('the name of the workload', () => {
  it.each<[string, Pod, string]>([
    ['is that of the owner', podOf('StatefulSet', 'db'), 'db'],
    ['is that of a Deployment', podOf('ReplicaSet', 'web-5d4f8c7b9', { 'pod-template-hash': '5d4f8c7b9' }), 'web'],
    ['is that of a CronJob', podOf('Job', 'report-29012345'), 'report'],
    ['is that of a CronJob before Kubernetes 1.21', podOf('Job', 'report-1612345678'), 'report'],
    ['is that of a Job with a date', podOf('Job', 'import-20240101'), 'import-20240101'],
    [
      'is that of a Knative Service',
      podOf('ReplicaSet', 'tomato-00001-deployment-5d4f8c7b9', {
        'pod-template-hash': '5d4f8c7b9',
        'serving.knative.dev/service': 'tomato',
      }),
      'tomato',
    ],
    [
      'is that of a WorkflowTemplate of Argo',
      podOf('Workflow', 'nightly-import-x7k2p', { 'workflows.argoproj.io/workflow-template': 'nightly-import' }),
      'nightly-import',
    ],
    [
      'is that of a task of Tekton',
      podOf('TaskRun', 'build-run-generate-tag', { 'tekton.dev/pipelineTask': 'generate-tag' }),
      'generate-tag',
    ],
    ['is not that of a label which cannot be a name', podOf('Job', 'a', { 'tekton.dev/task': '../b' }), 'a'],
  ])('%s', (_, given, expected) => expect(workloadNameOf(given)).toBe(expected));
});

describe('the kind of the workload in attributes', () => {
  it.each<[string, Pod, string | undefined]>([
    ['a Deployment', podOf('ReplicaSet', 'web-5d4f8c7b9', { 'pod-template-hash': '5d4f8c7b9' }), 'deployment'],
    ['a StatefulSet', podOf('StatefulSet', 'db'), 'statefulset'],
    ['a DaemonSet', podOf('DaemonSet', 'log'), 'daemonset'],
    ['a Job', podOf('Job', 'import-20240101'), 'job'],
    ['a CronJob', podOf('Job', 'report-29012345'), 'cronjob'],
    ['a ReplicaSet of its own', podOf('ReplicaSet', 'web'), undefined],
    ['a Rollout', podOf('ReplicaSet', 'web-5d4f8c7b9', { 'rollouts-pod-template-hash': '5d4f8c7b9' }), undefined],
    [
      'a Knative Service',
      podOf('ReplicaSet', 'tomato-1-5d4f8c7b9', {
        'pod-template-hash': '5d4f8c7b9',
        'serving.knative.dev/service': 'tomato',
      }),
      undefined,
    ],
    ['no owner', pod(), undefined],
  ])('%s', (_, given, expected) => expect(attributeKindOf(given)).toBe(expected));
});
