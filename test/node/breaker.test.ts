import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client, KubeObject } from '../support/client.ts';
import { mountedDirectory, profileText, type Mounted } from '../support/mounted-directory.ts';
import { BREAKERS, startObserver, type ObserverProcess } from '../support/observer.ts';
import { podsOf, recordOf, type Pod } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';
import { APP_IMAGE, optedInAt, startInjectedNode, type InjectedNode } from './injected-node.ts';
import type { RunningPod } from './pods.ts';

// An agent that ends the process that it is in, on a real kubelet: the app runs without the variable of the profile, and exits with it.

const NAMESPACE = 'victims';
const FLAGS = {
  'breaker-action': 'evict',
  'breaker-grace': '10s',
  'breaker-cooldown': '60s',
  'breaker-stable': '30s',
};
const APPS = {
  victim: 'if [ -n "$ACME_AGENT" ]; then echo "cannot load the agent" >&2; exit 1; fi; sleep 3600',
  neighbour: 'sleep 3600',
  broken: 'exit 1',
};

let mounted: Mounted;
let node: InjectedNode;
let client: Client;
let observer: ObserverProcess;
beforeAll(async () => {
  const profile = profileText('acme', { environment: [{ name: 'ACME_AGENT', value: '1' }] });
  mounted = await mountedDirectory({ 'acme.yaml': profile });
  node = await startInjectedNode({ flags: { profiles: mounted.dir, breaker: BREAKERS } });
  ({ client } = node);
  observer = await startObserver(node.controlPlane.kubeconfigPath, FLAGS);
  await client.createNamespace(NAMESPACE, optedInAt('baseline', { profile: 'acme' }));
});
afterAll(async () => {
  await observer?.stop();
  await node?.stop();
  await mounted?.remove();
});

const deploymentOf = (app: keyof typeof APPS, replicas: number): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: app, namespace: NAMESPACE },
  spec: {
    replicas,
    selector: { matchLabels: { app } },
    template: {
      metadata: { labels: { app } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'app', image: APP_IMAGE, command: ['sh', '-c', APPS[app]] }],
      },
    },
  },
});

const podsIn = (app: string): Promise<readonly (Pod & RunningPod)[]> =>
  client.list<Pod & RunningPod>({ kind: 'Pod', namespace: NAMESPACE }, `app=${app}`);

const readyOf = async (app: string): Promise<number> =>
  (await client.get<{ status?: { readyReplicas?: number } }>({ kind: 'Deployment', namespace: NAMESPACE, name: app }))
    .status?.readyReplicas ?? 0;

const isInjected = (pod: Pod): boolean => (recordOf(pod) as { decision?: string } | undefined)?.decision === 'injected';

async function phaseOf(app: string): Promise<string | undefined> {
  const [namespace = '', name = ''] = BREAKERS.split('/');
  const found = await client.find<{ data?: Record<string, string> }>({ kind: 'ConfigMap', namespace, name });
  const text = found?.data?.[`workload.${NAMESPACE}.ReplicaSet.${app}`];
  return text === undefined ? undefined : (JSON.parse(text) as { phase: string }).phase;
}

const changes = (app: string): readonly string[] =>
  observer.process
    .log()
    .split('\n')
    .filter((line) => line.includes('a circuit breaker has changed') && line.includes(`Deployment/${app}"`))
    .map((line) => (JSON.parse(line) as { phase: string }).phase);

const restarts = async (app: string): Promise<number> =>
  (await podsIn(app))
    .flatMap(({ status }) => status?.containerStatuses ?? [])
    .reduce((sum, { restartCount, state }) => sum + restartCount + (state?.running ? 0 : 1), 0);

test('an agent that ends the app: reported, stopped and repaired; the neighbours stay, and an app that fails by itself is no evidence', async () => {
  for (const [app, replicas] of [
    ['neighbour', 2],
    ['victim', 2],
    ['broken', 1],
  ] as const)
    await client.create(deploymentOf(app, replicas));
  const neighbours = (await podsOf(client, { namespace: NAMESPACE, name: 'neighbour' }, 2)).map(
    ({ metadata }) => metadata?.uid,
  );
  await waitFor('the second crash', async () => (await restarts('victim')) >= 2, { deadline: 120_000, interval: 200 });
  const crashedAt = Date.now();
  await waitFor('the breaker', () => phaseOf('victim'), { deadline: 180_000, interval: 200 });
  const reportedMs = Date.now() - crashedAt;
  // A pod that crashes is ready for a moment each time that it is started again.
  const isRepaired = async (): Promise<boolean> =>
    (await readyOf('victim')) === 2 && (await podsIn('victim')).every((pod) => !isInjected(pod));
  await waitFor('the workload to be ready without the agent', isRepaired, { deadline: 300_000, interval: 500 });
  console.log(`reported ${reportedMs} ms after the second crash, ready again after ${Date.now() - crashedAt} ms`);
  for (const pod of await podsIn('victim')) expect(recordOf(pod)).toMatchObject({ reason: 'breaker-open' });
  expect(new Set((await podsIn('neighbour')).map(({ metadata }) => metadata?.uid))).toEqual(new Set(neighbours));
  for (const pod of await podsIn('neighbour')) expect(isInjected(pod)).toBe(true);
  await waitFor('the other app to be cleared', async () => changes('broken').includes('cleared'), {
    deadline: 180_000,
  });
  expect(changes('broken')).not.toContain('open');
}, 600_000);

test('after the cooldown one pod tries again, and the others run on', async () => {
  await waitFor('the breaker to be half open', async () => (await phaseOf('victim')) === 'half-open', {
    deadline: 180_000,
  });
  await client.scale({ kind: 'Deployment', namespace: NAMESPACE, name: 'victim' }, 3);
  await waitFor('a pod with the agent', async () => (await podsIn('victim')).some(isInjected));
  await waitFor(
    'the breaker to open again',
    async () => changes('victim').filter((phase) => phase === 'open').length >= 2,
    {
      deadline: 180_000,
    },
  );
  await waitFor('all to be ready', async () => (await readyOf('victim')) === 3, { deadline: 120_000, interval: 500 });
  expect((await podsIn('victim')).filter(isInjected)).toEqual([]);
}, 600_000);
