import { describe, expect, it } from 'vitest';
import { workloadNameOf } from '../../src/kubernetes/owner.ts';
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
