import { expect, it } from 'vitest';
import { checkReplicas, replicasOf } from '../../../src/diagnostics/checks/replicas.ts';

const service = { namespace: 'apm', name: 'injector' };
const pod = (status: object) => ({ status });
const ready = pod({ phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] });
const pulling = pod({
  phase: 'Pending',
  containerStatuses: [{ state: { waiting: { reason: 'ImagePullBackOff' } } }],
});
const unscheduled = pod({
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }],
});
const deployment = (readyReplicas: number, conditions: readonly object[] = []) => ({
  spec: { replicas: 2 },
  status: { readyReplicas, conditions },
});

it.each([
  ['all ready', deployment(2), [ready, ready], 'ok', /^2 of 2 replicas of apm\/injector are ready$/],
  ['one ready', deployment(1), [ready, pulling], 'note', /1 of 2 .*: ImagePullBackOff$/],
  ['none ready', deployment(0), [pulling, unscheduled], 'problem', /0 of 2 .*ImagePullBackOff, Pending: 0\/3 nodes/],
  [
    'none created',
    deployment(0, [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' }]),
    [],
    'problem',
    /exceeded quota/,
  ],
  ['scaled to none', { spec: { replicas: 0 }, status: {} }, [], 'problem', /0 of 0/],
] as const)('replicas: %s', (_, object, pods, result, message) => {
  const check = checkReplicas(
    service,
    replicasOf(JSON.parse(JSON.stringify(object)), JSON.parse(JSON.stringify(pods))),
  );
  expect(check).toMatchObject({ result, message: expect.stringMatching(message) });
  expect(check.hint === undefined).toBe(result === 'ok');
});
