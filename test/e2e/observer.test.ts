import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client, KubeObject } from '../support/client.ts';
import { optedIn, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { instrumented, podOf, podsOf, recordOf, type Pod } from '../support/pod.ts';
import { BREAKERS, startObserver, type ObserverProcess } from '../support/observer.ts';
import { run } from '../support/process.ts';
import { type ContainerForm, containerForms, secondsAgo } from '../support/kubelet-status.ts';
import { waitFor } from '../support/wait-for.ts';
import { describedEvents } from './workload-events.ts';

// The observer and the circuit breaker on a real API server. There is no kubelet: the statuses of pods are written as one writes them.

const FLAGS = {
  'breaker-action': 'stop',
  'breaker-window': '1h',
  'breaker-grace': '3s',
  'breaker-cooldown': '20s',
  'breaker-stable': '5s',
};

let cluster: InjectedCluster;
let client: Client;
let observer: ObserverProcess;
beforeAll(async () => {
  cluster = await startInjectedCluster({ flags: { breaker: BREAKERS } });
  ({ client } = cluster);
  observer = await startObserver(cluster.controlPlane.kubeconfigPath, FLAGS);
});
afterAll(async () => {
  await observer?.stop();
  await cluster?.stop();
});

/** Writes the status of a pod as a kubelet does. */
async function report(pod: Pod, form: ContainerForm): Promise<void> {
  const { namespace, name } = pod.metadata ?? {};
  const container = { name: 'app', image: 'x', imageID: 'x', ...containerForms[form]() };
  const status = { phase: 'Running', startTime: secondsAgo(2), containerStatuses: [container] };
  await client.patch({ kind: 'Pod', namespace, name }, { status }, { subresource: 'status' });
}

async function deploy(namespace: string, replicas: number): Promise<KubeObject> {
  const labels = { app: 'web' };
  const { object } = await client.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podOf(namespace, 'x').spec },
    },
  });
  return object;
}

const owner = (namespace: string) => ({ namespace, name: 'web' });

/** The pods that the next scale creates. */
async function scaledTo(namespace: string, replicas: number): Promise<readonly Pod[]> {
  const known = new Set((await client.list<Pod>({ kind: 'Pod', namespace })).map(({ metadata }) => metadata?.name));
  await client.scale({ kind: 'Deployment', namespace, name: 'web' }, replicas);
  const pods = await podsOf(client, owner(namespace), replicas);
  return pods.filter(({ metadata }) => !known.has(metadata?.name));
}

async function breakerOf(namespace: string): Promise<{ phase: string; why: string; trial?: string } | undefined> {
  const [within = '', name = ''] = BREAKERS.split('/');
  const found = await client.find<{ data?: Record<string, string> }>({ kind: 'ConfigMap', namespace: within, name });
  const text = found?.data?.[`workload.${namespace}.ReplicaSet.web`];
  return text === undefined ? undefined : (JSON.parse(text) as { phase: string; why: string });
}

const optIn = (namespace: string): Promise<unknown> =>
  client.patch({ kind: 'Namespace', name: namespace }, { metadata: optedIn() });

/** A workload with a pod without the agent, and then one with it. Both have the state that a kubelet would report. */
async function withBoth(namespace: string, without: ContainerForm): Promise<KubeObject> {
  await client.createNamespace(namespace);
  const deployment = await deploy(namespace, 1);
  const [plain] = await podsOf(client, owner(namespace), 1);
  expect(instrumented(plain)).toEqual([]);
  await report(plain, without);
  await optIn(namespace);
  await waitFor('the injector to know the namespace', async () => {
    const dry = await client.create<Pod>(podOf(namespace, 'ask'), { dryRun: true });
    return instrumented(dry.object).length > 0;
  });
  const [injected] = await scaledTo(namespace, 2);
  if (!injected) throw new Error('no new pod');
  expect(instrumented(injected)).toEqual(['app']);
  await report(injected, 'crashing');
  return deployment;
}

const phases = (namespace: string): readonly unknown[] =>
  observer.process
    .log()
    .split('\n')
    .filter((line) => line.includes('a circuit breaker has changed') && line.includes(`"${namespace}"`))
    .map((line) => (JSON.parse(line) as { phase: unknown }).phase);

let shop: KubeObject;

test('a workload whose pods fail with the agent, and run without it, is reported and stopped; others are not', async () => {
  const deployments = await Promise.all([withBoth('shop', 'running'), withBoth('broken', 'crashing')]);
  [shop] = deployments;
  await client.createNamespace('fresh', optedIn());
  await deploy('fresh', 1);
  const [only] = await podsOf(client, owner('fresh'), 1);
  await report(only, 'crashing');
  const at = Date.now();
  const isOpen = async () => {
    const found = await breakerOf('shop');
    return found?.phase === 'open' && found;
  };
  const breaker = await waitFor('the breaker', isOpen, { deadline: 60_000 });
  console.log(`reported ${Date.now() - at} ms after the second crash: ${breaker.why}`);
  const events = await waitFor('an Event on the Deployment', async () => {
    const found = await describedEvents(client, shop);
    return found.some(({ message }) => message.includes('without it run')) && found;
  });
  expect(events.map(({ message }) => message).join()).toContain('breaker Deployment/web -n shop --reset');
  expect(
    await observer.metric('agent_injector_breakers{scope="workload",profile="jennifer-dotnet",phase="open"}'),
  ).toBe(1);
  expect(await observer.metric('agent_injector_pods{profile="jennifer-dotnet",state="crashing"}')).toBe(3);
  // The next pods of the workload start without the agent, those of others have it.
  const pods = await waitFor('a pod without the agent', async () => {
    const { length } = await client.list({ kind: 'Pod', namespace: 'shop' });
    const [next] = await scaledTo('shop', length + 1);
    return next && instrumented(next).length === 0 && next;
  });
  expect(recordOf(pods)).toMatchObject({ decision: 'skipped', reason: 'breaker-open' });
  const [other] = await scaledTo('broken', 3);
  expect(other && instrumented(other)).toEqual(['app']);
  expect(phases('broken')).toEqual([]);
  await waitFor('a breaker', async () => phases('fresh')[0] === 'suspected');
  expect(phases('fresh')).not.toContain('open');
});

test('the command shows and closes breakers, and status shows the pods that fail', async () => {
  const cli = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run([...args, '--kubeconfig', cluster.controlPlane.kubeconfigPath]);
    expect(code, stderr).toBe(0);
    return stdout;
  };
  expect(await cli('breaker', '--breaker', BREAKERS)).toMatch(/^fresh +Deployment\/web +jennifer-dotnet /m);
  expect(await cli('breaker', 'deploy/web', '-n', 'fresh', '--reset', '--breaker', BREAKERS)).toContain(
    'closed: fresh/',
  );
  expect(await cli('status', '-n', 'broken')).toContain('crashing(');
  expect((await run(['breaker', '--reset', '--kubeconfig', cluster.controlPlane.kubeconfigPath])).code).toBe(2);
});

test('after the cooldown one pod tries again, and those after it wait for what becomes of it', async () => {
  const half = await waitFor('the breaker to be half open', async () => {
    const found = await breakerOf('shop');
    return found?.phase === 'half-open' && found;
  });
  expect(half.trial).toBeUndefined();
  const { length } = await client.list({ kind: 'Pod', namespace: 'shop' });
  const trial = await waitFor('a pod with the agent', async () => {
    const [one] = await scaledTo('shop', length + 1);
    if (one && instrumented(one).length > 0) return one;
    await client.scale({ kind: 'Deployment', namespace: 'shop', name: 'web' }, length);
    await podsOf(client, owner('shop'), length);
    return false;
  });
  await waitFor(
    'the observer to see it',
    async () => (await breakerOf('shop'))?.trial === `shop/${trial.metadata?.name}`,
  );
  await waitFor('the injector to know of it', async () => {
    const pods = await client.list({ kind: 'Pod', namespace: 'shop' });
    const [next] = await scaledTo('shop', pods.length + 1);
    return next && instrumented(next).length === 0;
  });
  await report(trial, 'running');
  await waitFor('the breaker to close', async () => (await breakerOf('shop')) === undefined, { deadline: 60_000 });
});

test('a second observer waits, and goes on where the first one ended, with the breakers that were open', async () => {
  const second = await startObserver(cluster.controlPlane.kubeconfigPath, FLAGS);
  try {
    expect(await second.metric('agent_injector_observer_leads')).toBe(0);
    // Its pod still fails, so that it comes again after it was closed by hand.
    const before = await waitFor('a breaker', () => breakerOf('fresh'), { deadline: 60_000 });
    await observer.process.stop('SIGKILL');
    await waitFor(
      'the second observer to lead',
      async () => (await second.metric('agent_injector_observer_leads')) === 1,
      {
        deadline: 60_000,
      },
    );
    await waitFor(
      'the pods',
      async () => ((await second.metric('agent_injector_cache_objects{resource="pods"}')) ?? 0) > 0,
    );
    expect((await breakerOf('fresh'))?.why).toBe(before.why);
    expect((await second.ask('/readyz')).text).toContain('fresh/Deployment/web');
  } finally {
    await second.stop('SIGTERM');
  }
});
