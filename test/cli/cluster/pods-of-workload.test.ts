import { expect, it } from 'vitest';
import { readPodsOf } from '../../../src/cli/cluster/pods-of-workload.ts';
import type { KubeClient } from '../../../src/cluster/client/types.ts';
import { workloadKindNamed } from '../../../src/kubernetes/workload.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { readingClient } from '../../support/reading-client.ts';

const podOf = (kind: string, owner: string, labels: JsonObject = {}): JsonObject => ({
  metadata: {
    name: `${owner}-x2x4k`,
    namespace: 'shop',
    labels,
    ownerReferences: [{ kind, name: owner, controller: true }],
  },
  spec: { containers: [{ name: 'app' }] },
});

/** A cluster with these pods. */
const clientWith = (pods: readonly JsonObject[]): KubeClient => ({
  ...readingClient(() => ({ kind: 'ok', body: {} })),
  getItems: async (_, { onItem }) => {
    for (const one of pods) await onItem(one);
    return { kind: 'ok', body: { kind: 'PodList', metadata: { resourceVersion: '1' } } };
  },
});

it.each<[kind: string, name: string, pods: readonly JsonObject[], found: readonly string[]]>([
  [
    'cronjob',
    'backup',
    [
      podOf('Job', 'backup'),
      podOf('Job', 'backup-29412345'),
      podOf('Job', 'backup-20240101'),
      podOf('Job', 'other-29412345'),
    ],
    ['backup-29412345-x2x4k'],
  ],
  ['job', 'backup', [podOf('Job', 'backup'), podOf('Job', 'backup-29412345')], ['backup-x2x4k']],
  [
    'deploy',
    'web',
    [
      podOf('ReplicaSet', 'web-5d4f', { 'pod-template-hash': '5d4f' }),
      podOf('ReplicaSet', 'web'),
      podOf('StatefulSet', 'web'),
    ],
    ['web-5d4f-x2x4k'],
  ],
  ['rs', 'web', [podOf('ReplicaSet', 'web')], ['web-x2x4k']],
])('the pods of %s/%s', async (kind, name, pods, found) => {
  const workload = workloadKindNamed(kind);
  if (!workload) throw new Error(kind);
  const read = await readPodsOf(clientWith(pods), { workload, name, namespace: 'shop' });
  expect(read.map(({ pod }) => pod.metadata?.name)).toEqual(found);
});
