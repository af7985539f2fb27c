import { expect, it } from 'vitest';
import { Evictions } from '../../../src/cli/rollout/evict.ts';
import { Restarts } from '../../../src/cli/rollout/restart.ts';
import type { Cluster } from '../../../src/cli/rollout/target.ts';
import type { KubeClient } from '../../../src/cluster/client/types.ts';
import type { PlannedWorkload } from '../../../src/diagnostics/rollout/plan.ts';
import type { Pod } from '../../../src/kubernetes/pod.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { catalogue, namespace, pod } from '../../support/fixtures.ts';
import { offlineInputs } from '../../../src/config/catalogue.ts';
import { ManualClock } from '../../support/manual-clock.ts';

// Replacements that bring no agent: the webhook is away, for example. They must end, and not go on without end.

const shop = namespace();
const web: PlannedWorkload = {
  namespace: 'shop',
  workload: 'Deployment/web',
  gaps: { missing: 1 },
  pods: 1,
  replicas: 1,
  strategy: 'RollingUpdate',
  budgets: [],
  warnings: [],
};
const pace = { atATime: 1, perNamespace: 1, pauseMs: 0, settleMs: 0, timeoutMs: 60_000, window: undefined };

const podOf = (uid: string, annotations: Record<string, string> = {}): Pod => ({
  ...pod(),
  metadata: {
    name: `web-${uid}`,
    uid,
    annotations,
    labels: { 'pod-template-hash': '5d4f' },
    ownerReferences: [{ kind: 'ReplicaSet', name: 'web-5d4f', controller: true }],
  },
});

/** A cluster of one Deployment that is complete, and of pods without an agent. `isAway`: the API server does not list claims for now. */
async function play(isAway: () => boolean = () => false) {
  const sent: string[] = [];
  let pods: readonly Pod[] = [podOf('a')];
  let annotations: Record<string, string> = {};
  const object = (): JsonObject => ({
    metadata: { generation: 1, annotations: { 'agent-injector.io/restarted-at': annotations[OF_KUBECTL] ?? '' } },
    spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template: { metadata: { annotations } } },
    status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
  });
  const absent = { kind: 'http', status: 404, reason: 'NotFound', message: '', retryAfterMs: 0 } as const;
  const client: KubeClient = {
    server: 'https://example.com',
    getJson: async (path) => (path.endsWith('/deployments/web') ? { kind: 'ok', body: object() } : absent),
    getItems: async (path, { onItem }) => {
      if (isAway() && path.includes('/persistentvolumeclaims?')) return { ...absent, status: 503, message: 'away' };
      if (!path.includes('/pods?')) return absent;
      for (const one of pods) await onItem(one);
      return { kind: 'ok', body: { kind: 'PodList', metadata: { resourceVersion: '1' } } };
    },
    sendJson: async (path) => {
      sent.push(path);
      annotations = { [OF_KUBECTL]: 'now' };
      pods = [podOf('b', path.endsWith('eviction') ? {} : annotations)];
      return { kind: 'ok', body: {} };
    },
    watchLines: async () => ({ kind: 'ended' }),
  };
  const { options } = await offlineInputs({});
  const known = {
    configurations: undefined,
    settingsFor: () => ({ catalogue, options: { ...options, checks: 'claims' }, from: 'a test' }),
    namespaces: new Map([['shop', shop]]),
    notes: [],
  };
  const cluster: Cluster = { client, known, gaps: ['missing'] };
  return { cluster, sent };
}

const OF_KUBECTL = 'kubectl.kubernetes.io/restartedAt';

it.each([
  ['an eviction', Evictions],
  ['a restart', Restarts],
])('%s that brings no agent has failed, and is not repeated', async (_, Replacer) => {
  const { cluster, sent } = await play();
  const replacer = new Replacer(cluster, pace, new ManualClock());
  expect(await replacer.begin(web)).toEqual({ kind: 'begun' });
  expect(await replacer.observe(web)).toMatchObject({ kind: 'failed' });
  expect(sent).toHaveLength(1);
});

it.each([
  ['an eviction', Evictions],
  ['a restart', Restarts],
])('%s waits while something on which decisions depend cannot be read for now', async (_, Replacer) => {
  let isAway = true;
  const { cluster, sent } = await play(() => isAway);
  const clock = new ManualClock();
  const replacer = new Replacer(cluster, pace, clock);
  expect(await replacer.begin(web)).toMatchObject({ kind: 'failed', why: expect.stringContaining('503') });
  expect(sent).toEqual([]);
  isAway = false;
  expect(await replacer.begin(web)).toEqual({ kind: 'begun' });
  isAway = true;
  expect(await replacer.observe(web)).toMatchObject({ kind: 'progressing', what: expect.stringContaining('503') });
  clock.advance(pace.timeoutMs);
  expect(await replacer.observe(web)).toMatchObject({ kind: 'failed', why: expect.stringContaining('503') });
});
