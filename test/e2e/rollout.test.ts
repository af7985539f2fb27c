import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client, KubeObject } from '../support/client.ts';
import { optedIn, ours, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { claimIn, container, podOf, podsOf, recordOf, type Pod } from '../support/pod.ts';
import { run, start, type Ended } from '../support/process.ts';
import { waitFor } from '../support/wait-for.ts';

// `rollout` on a real API server whose pods never start: what it shows, what it changes, and what it refuses.

let cluster: InjectedCluster;
let client: Client;
let dir: string;
let config: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-rollout-'));
  config = join(dir, 'config.yaml');
  writeFileSync(config, '{}\n');
  cluster = await startInjectedCluster();
  client = cluster.client;
});
afterAll(async () => {
  rmSync(dir, { recursive: true });
  await cluster?.stop();
});

const flags = () => ['--kubeconfig', cluster.controlPlane.kubeconfigPath, '--config', config];
const ask = (...args: readonly string[]): Promise<Ended> => run(['rollout', ...args, ...flags()]);

const template = (name: string) => ({
  metadata: { labels: { app: name } },
  spec: { containers: [container('app')] },
});

/** Labels the namespace, once it has pods without the agent. */
async function optIn(namespace: string): Promise<void> {
  await client.patch({ kind: 'Namespace', name: namespace }, { metadata: { labels: ours({ injection: 'enabled' }) } });
  await waitFor('the injector to know the label', async () => {
    const { object } = await client.create<Pod>(podOf(namespace, 'probe'), { dryRun: true });
    return recordOf(object) !== undefined;
  });
}

async function lateNamespace(namespace: string): Promise<void> {
  await client.createNamespace(namespace, { annotations: optedIn().annotations });
  await client.create(claimIn(namespace));
}

interface Restartable extends KubeObject {
  readonly metadata: { readonly generation: number; readonly annotations?: Record<string, string> };
  readonly spec: { readonly restartAt?: string };
}

describe('rollout', () => {
  it('shows a plan, and changes nothing in a dry run, without a confirmation, or without the settings of the server', async () => {
    await lateNamespace('late');
    const at = { kind: 'Deployment', namespace: 'late', name: 'web' } as const;
    const spec = { replicas: 1, selector: { matchLabels: { app: 'web' } }, template: template('web') };
    await client.create({ apiVersion: 'apps/v1', kind: at.kind, metadata: { name: 'web', namespace: 'late' }, spec });
    await podsOf(client, { namespace: 'late', name: 'web' }, 1);
    await optIn('late');
    const planned = await ask('plan', '-n', 'late', '-o', 'json');
    expect(planned).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(planned.stdout)).toMatchObject({
      workloads: [
        {
          workload: 'Deployment/web',
          gaps: { missing: 1 },
          replicas: 1,
          strategy: 'RollingUpdate',
          warnings: [expect.stringContaining('not complete')],
        },
      ],
    });
    const text = (await ask('plan', '-A')).stdout;
    expect(text).toContain('Deployment/web');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    const before = await client.get<Restartable>(at);
    expect(await ask('run', '-n', 'late')).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    const unknown = await run(['rollout', 'run', '-n', 'late', '--yes', ...flags().slice(0, 2)]);
    expect(unknown).toMatchObject({ code: 3, stderr: expect.stringContaining('--config') });
    // Its pod never starts, and the run leaves it to its owner.
    const skipped = await ask('run', '-n', 'late', '--yes', '--settle', '0s');
    expect(skipped).toMatchObject({ code: 1, stdout: expect.stringContaining('skipped') });
    expect((await ask('run', '-n', 'late', '--dry-run')).stdout).toContain('would not begin');
    expect((await client.get<Restartable>(at)).metadata.generation).toBe(before.metadata.generation);
  });

  it('restarts an Argo Rollout by its own field', async () => {
    await createRolloutKind();
    await lateNamespace('argo');
    const labels = { app: 'web', 'rollouts-pod-template-hash': '5d4f' };
    const selector = { matchLabels: { app: 'web' } };
    const rollout = await client.create({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name: 'web', namespace: 'argo' },
      spec: { replicas: 1, selector, template: template('web'), strategy: { canary: {} } },
    });
    const at = { kind: 'Rollout', namespace: 'argo', name: 'web' } as const;
    const report = (status: object): Promise<unknown> => client.patch(at, { status }, { subresource: 'status' });
    await report({ observedGeneration: '1', availableReplicas: 1 });
    const { apiVersion, kind, metadata } = rollout.object;
    const owner = { apiVersion, kind, name: 'web', uid: metadata?.uid, controller: true };
    await client.create({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'web-5d4f', namespace: 'argo', labels, ownerReferences: [owner] },
      spec: { replicas: 1, selector: { matchLabels: labels }, template: { ...template('web'), metadata: { labels } } },
    });
    const [pod] = await podsOf(client, { namespace: 'argo', name: 'web-5d4f' }, 1);
    await optIn('argo');
    const planned = await ask('plan', '-n', 'argo', '-o', 'json');
    expect(JSON.parse(planned.stdout)).toMatchObject({
      workloads: [{ workload: 'Rollout/web', gaps: { missing: 1 }, strategy: 'canary' }],
    });
    const running = start(['rollout', 'run', '-n', 'argo', '--yes', '--settle', '0s', ...flags()]);
    // What the controller of Argo does then.
    const restartedAt = await waitFor('the restart', async () => (await client.get<Restartable>(at)).spec.restartAt);
    await client.delete({ kind: 'Pod', namespace: 'argo', name: pod.metadata?.name ?? '' });
    await waitFor('a pod with the agent', async () => {
      const pods = await client.list<Pod>({ kind: 'Pod', namespace: 'argo' });
      return pods.length === 1 && pods.every((one) => recordOf(one) !== undefined);
    });
    const { metadata: now } = await client.get<Restartable>(at);
    await report({ observedGeneration: String(now.generation), availableReplicas: 1, restartedAt });
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
    expect((await ask('plan', '-n', 'argo')).stdout).not.toContain('Rollout/web');
  });
});

async function createRolloutKind(): Promise<void> {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  await client.create({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'rollouts.argoproj.io' },
    spec: {
      group: 'argoproj.io',
      scope: 'Namespaced',
      names: { kind: 'Rollout', plural: 'rollouts' },
      versions: [{ name: 'v1alpha1', served: true, storage: true, schema, subresources: { status: {} } }],
    },
  });
  await waitFor('the kind', async () => (await client.list({ kind: 'Rollout', namespace: 'default' })).length === 0);
}
