import { describe, expect, it } from 'vitest';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import { attributeKindOf, creatorOf, workloadIdentity, workloadNameOf } from '../../src/kubernetes/owner.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { podFromTemplate, workloadKindNamed } from '../../src/kubernetes/workload.ts';
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

describe('the creator of a pod', () => {
  it.each<[Pod, string]>([
    [podOf('ReplicaSet', 'web-5d4f', { 'pod-template-hash': '5d4f' }), 'Deployment/web'],
    [podOf('ReplicaSet', 'web-5d4f', { 'rollouts-pod-template-hash': '5d4f' }), 'Rollout/web'],
    [podOf('ReplicaSet', 'web-5d4f'), 'ReplicaSet/web-5d4f'],
    [podOf('StatefulSet', 'db'), 'StatefulSet/db'],
  ])('is %#', (given, expected) => {
    const { kind, name } = creatorOf(given) ?? {};
    expect(`${kind}/${name}`).toBe(expected);
  });
});

describe('the identity of a workload', () => {
  const of = (given: Pod, workload?: { kind: string; name: string }): string => {
    const { kind, name } = workloadIdentity(given, { ...unknownCluster, ...(workload && { workload }) });
    return `${kind}/${name}`;
  };
  const fromTemplate = (kind: string, name: string): Pod => {
    const found = workloadKindNamed(kind);
    if (!found) throw new Error(kind);
    // The template of a pod is one.
    return podFromTemplate(found, name, pod()) as Pod;
  };

  it.each<[string, readonly string[]]>([
    [
      'a Deployment, in each revision, in a cluster and in a file',
      [
        of(podOf('ReplicaSet', 'web-5d4f', { 'pod-template-hash': '5d4f' })),
        of(podOf('ReplicaSet', 'web-7c9b', { 'pod-template-hash': '7c9b' })),
        of(fromTemplate('deploy', 'web')),
        of(pod(), { kind: 'Deployment', name: 'web' }),
      ],
    ],
    [
      'an Argo Rollout',
      [
        of(podOf('ReplicaSet', 'web-5d4f', { 'rollouts-pod-template-hash': '5d4f' })),
        of(fromTemplate('ro', 'web')),
        of(pod(), { kind: 'Rollout', name: 'web' }),
      ],
    ],
    [
      'a CronJob, in each run',
      [
        of(podOf('Job', 'report-29012345')),
        of(podOf('Job', 'report-29012405')),
        of(fromTemplate('cj', 'report')),
        of(pod(), { kind: 'CronJob', name: 'report' }),
      ],
    ],
    ['a StatefulSet', [of(podOf('StatefulSet', 'db')), of(fromTemplate('sts', 'db'))]],
    [
      'pods with a generated name',
      [
        of({ ...pod(), metadata: { generateName: 'probe-' } }),
        of({ ...pod(), metadata: { generateName: 'probe-', name: 'probe-x7k2p' } }),
      ],
    ],
  ])('is the same for %s', (_, [first, ...others]) => {
    expect(first).not.toContain('undefined');
    for (const other of others) expect(other).toBe(first);
  });

  it('differs between kinds and names', () => {
    const all = [
      of(podOf('StatefulSet', 'db')),
      of(podOf('DaemonSet', 'db')),
      of(podOf('StatefulSet', 'web')),
      of(pod()),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
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
