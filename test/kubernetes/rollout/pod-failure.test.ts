import { expect, it } from 'vitest';
import { podFailure } from '../../../src/kubernetes/rollout/pod-failure.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { pod } from '../../support/fixtures.ts';

const waiting = (reason: string, rest: JsonObject = {}): JsonObject => ({
  name: 'app',
  state: { waiting: { reason } },
  ...rest,
});

const terminated = { terminated: { exitCode: 3 } };
const ended = (restartCount: number): JsonObject => ({ name: 'app', restartCount, ready: false, state: terminated });
const again = (restartCount: number): JsonObject => ({
  name: 'app',
  restartCount,
  ready: false,
  state: { running: {} },
  lastState: terminated,
});

it.each<[string, JsonObject, string | undefined]>([
  ['a pod that is being created', { containerStatuses: [waiting('ContainerCreating')] }, undefined],
  ['a pod without a status', {}, undefined],
  ['a first failed pull', { containerStatuses: [waiting('ErrImagePull')] }, undefined],
  ['repeated failed pulls', { initContainerStatuses: [waiting('ImagePullBackOff')] }, 'ImagePullBackOff'],
  [
    'an image whose signature is not valid',
    { containerStatuses: [waiting('SignatureValidationFailed')] },
    'SignatureValidationFailed',
  ],
  ['a registry that is away', { containerStatuses: [waiting('RegistryUnavailable')] }, undefined],
  ['a hook that fails', { containerStatuses: [waiting('PostStartHookError')] }, 'PostStartHookError'],
  [
    'a container that crashes',
    { containerStatuses: [waiting('CrashLoopBackOff', { lastState: { terminated: { exitCode: 137 } } })] },
    'exit code 137',
  ],
  ['a container that has ended once', { containerStatuses: [ended(0)] }, undefined],
  ['a container that has ended once and runs again', { containerStatuses: [again(1)] }, undefined],
  ['a container that has ended twice', { containerStatuses: [ended(1)] }, 'exit code 3'],
  ['a container that has ended twice and runs again', { containerStatuses: [again(2)] }, 'exit code 3'],
  ['a container that has recovered', { containerStatuses: [{ ...again(7), ready: true }] }, undefined],
  [
    'an init container that has done its work',
    { initContainerStatuses: [{ name: 'init', ready: true, restartCount: 2, state: { terminated: { exitCode: 0 } } }] },
    undefined,
  ],
  ['a pod that was evicted', { phase: 'Failed', reason: 'Evicted' }, 'Evicted'],
  ['a container that runs', { containerStatuses: [{ name: 'app', state: { running: {} } }] }, undefined],
])('%s', (_, status, expected) => {
  const found = podFailure({ ...pod(), status });
  if (expected === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(expected);
});
