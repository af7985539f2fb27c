import { describe, expect, it } from 'vitest';
import { isAvailable, type Progress, progressOf, replicasOf } from '../../../src/kubernetes/rollout/progress.ts';
import type { JsonObject } from '../../../src/lib/json.ts';

const objectOf = (spec: JsonObject, status: JsonObject): JsonObject => ({
  metadata: { generation: 2 },
  spec,
  status: { observedGeneration: 2, ...status },
});
const progressing = (reason: string): JsonObject => ({ conditions: [{ type: 'Progressing', reason }] });

const done = { replicas: 3, updatedReplicas: 3, availableReplicas: 3 };
const onDelete = { updateStrategy: { type: 'OnDelete' } };

it.each<[string, string, JsonObject, JsonObject, Progress['kind']]>([
  ['a Deployment that is as it should be', 'Deployment', { replicas: 3 }, done, 'complete'],
  [
    'a change that its controller has not seen',
    'Deployment',
    { replicas: 3 },
    { ...done, observedGeneration: 1 },
    'progressing',
  ],
  ['too few new pods', 'Deployment', { replicas: 3 }, { ...done, updatedReplicas: 2 }, 'progressing'],
  ['old pods that remain', 'Deployment', { replicas: 3 }, { ...done, replicas: 4 }, 'progressing'],
  ['new pods that are not available', 'Deployment', { replicas: 3 }, { ...done, availableReplicas: 2 }, 'progressing'],
  [
    'a pod that fails long after a rollout',
    'Deployment',
    { replicas: 3 },
    { ...done, availableReplicas: 2, ...progressing('NewReplicaSetAvailable') },
    'complete',
  ],
  [
    'a deadline that is exceeded',
    'Deployment',
    { replicas: 3 },
    { ...done, updatedReplicas: 1, ...progressing('ProgressDeadlineExceeded') },
    'failed',
  ],
  ['no pods at all', 'Deployment', { replicas: 0 }, {}, 'complete'],
  [
    'a StatefulSet of one revision',
    'StatefulSet',
    { replicas: 3 },
    { ...done, currentRevision: 'a', updateRevision: 'a' },
    'complete',
  ],
  [
    'a StatefulSet between two revisions',
    'StatefulSet',
    { replicas: 3 },
    { updatedReplicas: 1, availableReplicas: 3, currentRevision: 'a', updateRevision: 'b' },
    'progressing',
  ],
  [
    'the pods above a partition',
    'StatefulSet',
    { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } },
    { updatedReplicas: 1, availableReplicas: 3, currentRevision: 'a', updateRevision: 'b' },
    'complete',
  ],
  [
    'a StatefulSet that replaces nothing',
    'StatefulSet',
    { replicas: 1, ...onDelete },
    { availableReplicas: 1, currentRevision: 'a', updateRevision: 'b' },
    'complete',
  ],
  [
    'a DaemonSet',
    'DaemonSet',
    {},
    { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 },
    'complete',
  ],
  [
    'a DaemonSet with an old pod',
    'DaemonSet',
    {},
    { desiredNumberScheduled: 2, updatedNumberScheduled: 1, numberAvailable: 2 },
    'progressing',
  ],
  [
    'a DaemonSet that replaces nothing',
    'DaemonSet',
    onDelete,
    { desiredNumberScheduled: 2, updatedNumberScheduled: 0, numberAvailable: 2 },
    'complete',
  ],
  [
    'an Argo Rollout that restarts',
    'Rollout',
    { replicas: 1, restartAt: '2026-11-30T10:00:00Z' },
    { observedGeneration: '2', availableReplicas: 1, restartedAt: '2026-11-29T10:00:00Z' },
    'progressing',
  ],
  [
    'an Argo Rollout that has restarted',
    'Rollout',
    { replicas: 1, restartAt: '2026-11-30T10:00:00Z' },
    { observedGeneration: '2', availableReplicas: 1, restartedAt: '2026-11-30T10:00:00Z' },
    'complete',
  ],
  ['an Argo Rollout that is degraded', 'Rollout', {}, { observedGeneration: '2', phase: 'Degraded' }, 'failed'],
])('%s', (_, kind, spec, status, expected) => {
  expect(progressOf(kind, objectOf(spec, status)).kind).toBe(expected);
});

describe('the pods of a workload', () => {
  it('are as many as its spec says, or as the nodes need', () => {
    expect(replicasOf('Deployment', objectOf({}, {}))).toBe(1);
    expect(replicasOf('Deployment', objectOf({ replicas: 0 }, {}))).toBe(0);
    expect(replicasOf('DaemonSet', objectOf({}, { desiredNumberScheduled: 4 }))).toBe(4);
  });

  it('are available if none is missing', () => {
    expect(isAvailable('StatefulSet', objectOf({ replicas: 2 }, { availableReplicas: 2 }))).toBe(true);
    expect(isAvailable('StatefulSet', objectOf({ replicas: 2 }, { availableReplicas: 1 }))).toBe(false);
    expect(isAvailable('DaemonSet', objectOf({}, { desiredNumberScheduled: 1, numberAvailable: 1 }))).toBe(true);
  });
});
