import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../support/client.ts';
import { optedIn, ours, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { BREAKERS, startObserver, type ObserverProcess } from '../support/observer.ts';
import { claimIn, instrumented, podOf, podsOf, recordOf, type Pod } from '../support/pod.ts';
import { run, type Ended } from '../support/process.ts';
import { type ContainerForm, containerForms, secondsAgo } from '../support/kubelet-status.ts';
import { waitFor } from '../support/wait-for.ts';

// A PodDisruptionBudget holds, whatever evicts: the Eviction API of a real control plane refuses. There is no kubelet: the statuses of pods are written
// as one writes them.

let cluster: InjectedCluster;
let client: Client;
let observer: ObserverProcess;
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-evictions-'));
  cluster = await startInjectedCluster({ flags: { breaker: BREAKERS } });
  ({ client } = cluster);
  observer = await startObserver(cluster.controlPlane.kubeconfigPath, {
    'breaker-action': 'evict',
    'breaker-window': '1h',
    'breaker-grace': '1s',
    'breaker-cooldown': '1h',
    'breaker-stable': '5s',
  });
});
afterAll(async () => {
  await observer?.stop();
  await cluster?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Writes the status of a pod as a kubelet does. */
async function report(pod: Pod, form: ContainerForm): Promise<void> {
  const { namespace, name } = pod.metadata ?? {};
  const ready = form === 'running' ? 'True' : 'False';
  const status = {
    phase: 'Running',
    startTime: secondsAgo(2),
    conditions: [{ type: 'Ready', status: ready, lastTransitionTime: secondsAgo(1) }],
    containerStatuses: [{ name: 'app', image: 'x', imageID: 'x', ...containerForms[form]() }],
  };
  await client.patch({ kind: 'Pod', namespace, name }, { status }, { subresource: 'status' });
}

async function deploy(namespace: string, replicas: number): Promise<readonly Pod[]> {
  const labels = { app: 'web' };
  await client.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podOf(namespace, 'x').spec },
    },
  });
  return podsOf(client, { namespace, name: 'web' }, replicas);
}

/** Makes the budget, or changes it, and waits until the controller has counted. */
async function budget(namespace: string, minAvailable: number, healthy: number): Promise<void> {
  const at = { kind: 'PodDisruptionBudget', namespace, name: 'web' };
  const spec = { minAvailable, selector: { matchLabels: { app: 'web' } } };
  const before = await client.find(at);
  if (before) await client.patch(at, { spec: { minAvailable } });
  else await client.create({ apiVersion: 'policy/v1', kind: at.kind, metadata: { name: 'web', namespace }, spec });
  await waitFor('the budget to count', async () => {
    const { status } = await client.get<{ status?: { desiredHealthy?: number; currentHealthy?: number } }>(at);
    return status?.desiredHealthy === minAvailable && status.currentHealthy === healthy;
  });
}

/** Labels the namespace, and waits until new pods get the agent. */
async function optIn(namespace: string): Promise<void> {
  await client.patch({ kind: 'Namespace', name: namespace }, { metadata: optedIn() });
  await waitFor('the injector to know the namespace', async () => {
    const { object } = await client.create<Pod>(podOf(namespace, 'ask'), { dryRun: true });
    return instrumented(object).length > 0;
  });
}

const uidsIn = async (namespace: string): Promise<readonly unknown[]> =>
  (await client.list<Pod>({ kind: 'Pod', namespace }))
    .filter(({ metadata }) => metadata?.['deletionTimestamp'] === undefined)
    .map(({ metadata }) => metadata?.['uid']);

const evictions = async (result: string): Promise<number> =>
  (await observer.metric(`agent_injector_evictions_total{result="${result}"}`)) ?? 0;

test('the observer evicts no pod that a budget keeps, tries again, and evicts it when the budget allows it', async () => {
  await client.createNamespace('guarded');
  const [plain] = await deploy('guarded', 1);
  if (!plain) throw new Error('no pod');
  await report(plain, 'running');
  await optIn('guarded');
  await client.scale({ kind: 'Deployment', namespace: 'guarded', name: 'web' }, 2);
  const pods = await podsOf(client, { namespace: 'guarded', name: 'web' }, 2);
  const injected = pods.find((pod) => instrumented(pod).length > 0);
  if (!injected) throw new Error('no pod with the agent');
  await budget('guarded', 2, 1);
  await report(injected, 'crashing');
  await waitFor('two refusals', async () => (await evictions('refused')) >= 2, { deadline: 60_000 });
  expect(await evictions('evicted')).toBe(0);
  expect(await evictions('failed')).toBe(0);
  expect(await uidsIn('guarded')).toContain(injected.metadata?.['uid']);

  await budget('guarded', 1, 1);
  await waitFor('the eviction', async () => (await evictions('evicted')) === 1, { deadline: 60_000 });
  await waitFor('the next pod', async () => {
    const uids = await uidsIn('guarded');
    return uids.length === 2 && !uids.includes(injected.metadata?.['uid']);
  });
  expect(await uidsIn('guarded')).toContain(plain.metadata?.['uid']);
  const next = await podsOf(client, { namespace: 'guarded', name: 'web' }, 2);
  expect(next.flatMap(instrumented)).toEqual([]);
}, 180_000);

describe('rollout run --mode evict', () => {
  const rollout = (): Promise<Ended> => {
    const config = join(dir, 'config.yaml');
    writeFileSync(config, '{}\n');
    const { kubeconfigPath } = cluster.controlPlane;
    const pace = ['--settle', '1s', '--timeout', '8s', '--yes'];
    return run([
      'rollout',
      'run',
      '-n',
      'kept',
      '--mode',
      'evict',
      ...pace,
      '--kubeconfig',
      kubeconfigPath,
      '--config',
      config,
    ]);
  };

  test('stops at a budget that allows no eviction, and goes on when it does', async () => {
    await client.createNamespace('kept', { annotations: optedIn().annotations });
    await client.create(claimIn('kept'));
    const before = await deploy('kept', 2);
    for (const pod of before) await report(pod, 'running');
    await client.patch({ kind: 'Namespace', name: 'kept' }, { metadata: { labels: ours({ injection: 'enabled' }) } });
    await waitFor('the injector to know the namespace', async () => {
      const { object } = await client.create<Pod>(podOf('kept', 'ask'), { dryRun: true });
      return recordOf(object) !== undefined;
    });
    await budget('kept', 2, 2);
    const uids = before.map(({ metadata }) => metadata?.['uid']);

    const stopped = await rollout();
    expect(stopped.code).toBe(1);
    expect(stopped.stdout + stopped.stderr).toContain('disruption budget');
    expect(new Set(await uidsIn('kept'))).toEqual(new Set(uids));

    await budget('kept', 1, 2);
    const over = new AbortController();
    const ended = rollout().finally(() => over.abort());
    let least = 2;
    while (!over.signal.aborted) {
      const pods = await client.list<Pod & { status?: { phase?: string } }>({ kind: 'Pod', namespace: 'kept' });
      least = Math.min(least, pods.filter(({ status }) => status?.phase === 'Running').length);
      for (const pod of pods) if (pod.status?.phase === 'Pending') await report(pod, 'running');
    }
    expect(await ended).toMatchObject({ code: 0 });
    expect(least).toBeGreaterThanOrEqual(1);
    const after = await podsOf(client, { namespace: 'kept', name: 'web' }, 2);
    expect(after.flatMap(instrumented)).toHaveLength(2);
    const { metadata } = await client.get<{ metadata: { generation: number } }>({
      kind: 'Deployment',
      namespace: 'kept',
      name: 'web',
    });
    expect(metadata.generation).toBe(1);
  }, 120_000);
});
