import { expect, it } from 'vitest';
import { podFailure } from '../../../src/kubernetes/rollout/pod-failure.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { pod } from '../../support/fixtures.ts';

const waiting = (reason: string, rest: JsonObject = {}): JsonObject => ({
  name: 'app',
  state: { waiting: { reason } },
  ...rest,
});

it.each<[string, JsonObject, string | undefined]>([
  ['a pod that is being created', { containerStatuses: [waiting('ContainerCreating')] }, undefined],
  ['a pod without a status', {}, undefined],
  ['a first failed pull', { containerStatuses: [waiting('ErrImagePull')] }, undefined],
  ['repeated failed pulls', { initContainerStatuses: [waiting('ImagePullBackOff')] }, 'ImagePullBackOff'],
  [
    'a container that crashes',
    { containerStatuses: [waiting('CrashLoopBackOff', { lastState: { terminated: { exitCode: 137 } } })] },
    'exit code 137',
  ],
  ['a pod that was evicted', { phase: 'Failed', reason: 'Evicted' }, 'Evicted'],
  ['a container that runs', { containerStatuses: [{ name: 'app', state: { running: {} } }] }, undefined],
])('%s', (_, status, expected) => {
  const found = podFailure({ ...pod(), status });
  if (expected === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(expected);
});
