import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ExplanationResult } from '../../src/cli/explain/result.ts';
import type { Check } from '../../src/diagnostics/checks/check.ts';
import type { Client, KubeObject } from '../support/client.ts';
import { optedIn, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { container, podOf, recordOf, type Pod, type PodOptions } from '../support/pod.ts';
import { run } from '../support/process.ts';
import { waitFor, waitUntil } from '../support/wait-for.ts';

// What nodes can do and where volumes are, with objects of a real API server. There is no kubelet.

let cluster: InjectedCluster;
let client: Client;
beforeAll(async () => {
  cluster = await startInjectedCluster({ flags: { checks: 'claims,volumes,quotas,nodes', tenancy: 'open' } });
  client = cluster.client;
});
afterAll(async () => {
  await cluster?.stop();
});

interface Injected {
  readonly decision: string;
  readonly reason?: string;
  readonly injected?: readonly { readonly delivery: string }[];
}

let count = 0;
async function decisionOn(namespace: string, options: PodOptions = {}): Promise<Injected> {
  const { object } = await client.create<Pod>(podOf(namespace, `pod-${(count += 1)}`, options), { dryRun: true });
  return recordOf(object) as Injected;
}

/** Waits for a pod to be decided so, and returns how long that took, in ms. */
async function becomes(namespace: string, expected: RegExp, options: PodOptions = {}): Promise<number> {
  const since = performance.now();
  await waitFor(
    `a pod of ${namespace} to match ${expected}`,
    async () => expected.test(JSON.stringify(await decisionOn(namespace, options))),
    { interval: 2, deadline: 20_000 },
  );
  return Math.round(performance.now() - since);
}

const node = (name: string, kubeletVersion: string, containerRuntimeVersion: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
  status: { nodeInfo: { ...UNKNOWN, kubeletVersion, containerRuntimeVersion, operatingSystem: 'linux' } },
});
const UNKNOWN = {
  architecture: 'amd64',
  bootID: '',
  kernelVersion: '',
  kubeProxyVersion: '',
  machineID: '',
  osImage: '',
  systemUUID: '',
};

const BY_IMAGE = /"delivery":"image"/;
const BY_COPY = /"delivery":"initContainer"/;

describe('an image volume', () => {
  test('is used while every node can mount it: a node with an older kubelet or runtime changes that at once', async () => {
    await client.createNamespace(
      'traced',
      optedIn({ profile: 'opentelemetry-java', 'otlp-endpoint': 'http://c:4318' }),
    );
    await becomes('traced', BY_COPY);
    await client.create(node('able', 'v1.36.3', 'containerd://2.2.9'));
    const took = [await becomes('traced', BY_IMAGE)];
    for (const [name, kubelet, runtime] of [
      ['old-kubelet', 'v1.33.5', 'containerd://2.2.9'],
      ['old-runtime', 'v1.36.3', 'containerd://2.1.9'],
    ] as const) {
      await client.create(node(name, kubelet, runtime));
      took.push(await becomes('traced', BY_COPY));
      const { stdout } = await command('check', '-o', 'json');
      const { checks } = JSON.parse(stdout) as { readonly checks: readonly Check[] };
      const check = checks.find((one) => one.name === 'delivery image');
      expect(check).toMatchObject({ result: 'note', message: expect.stringContaining(`1 of 2 nodes`) });
      expect(check?.message).toContain(`${name} (`);
      await client.delete({ kind: 'Node', name });
      took.push(await becomes('traced', BY_IMAGE));
    }
    console.log(`changes of the nodes counted after ${took.join(', ')} ms`);
  });

  test('is not given up for the heartbeat of a node, and explain knows the nodes', async () => {
    const heartbeat = { status: { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }] } };
    await client.patch({ kind: 'Node', name: 'able' }, heartbeat, { subresource: 'status' });
    expect(await decisionOn('traced')).toMatchObject({ decision: 'injected' });
    await becomes('traced', BY_IMAGE);
    const labels = { app: 'web' };
    await client.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace: 'traced', name: 'web' },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container('app')] } },
      },
    });
    const { stdout } = await command('explain', 'deploy/web', '-n', 'traced', '-o', 'json');
    const { explained } = JSON.parse(stdout) as { readonly explained: readonly ExplanationResult[] };
    expect(explained[0]?.decision.deliveries).toMatchObject([{ delivery: 'image', skipped: [] }]);
  });
});

const command = (...args: readonly string[]) => run([...args, '--kubeconfig', cluster.controlPlane.kubeconfigPath]);

const ZONE = 'topology.kubernetes.io/zone';
const UNUSABLE = /claim-unusable/;
const INJECTED = /"decision":"injected"/;

const claim = (namespace: string, spec: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { namespace, name: 'my-agent-file' },
  spec: { resources: { requests: { storage: '1Gi' } }, ...spec },
});

/** A claim that is bound to a volume in zone a. */
async function bindZonal(namespace: string, accessModes: readonly string[]): Promise<void> {
  await client.createNamespace(namespace, optedIn());
  const expressions = [{ key: ZONE, operator: 'In', values: ['a'] }];
  const storage = { accessModes, storageClassName: 'manual' };
  await client.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `disk-${namespace}` },
    spec: {
      ...storage,
      capacity: { storage: '1Gi' },
      csi: { driver: 'ebs.csi.aws.com', volumeHandle: namespace },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: expressions }] } },
    },
  });
  await client.create(claim(namespace, { ...storage, volumeName: `disk-${namespace}` }));
  const ref = { kind: 'PersistentVolumeClaim', namespace, name: 'my-agent-file' };
  await waitUntil(
    'the claim to be bound',
    () => client.get<{ status?: { phase?: string } }>(ref),
    ({ status }) => status?.phase === 'Bound',
  );
}

const inZone = (zone: string): PodOptions => ({
  spec: { containers: [container('app')], nodeSelector: { [ZONE]: zone } },
});

describe('a claim', () => {
  test('whose volume is in a zone goes into pods that can run there', async () => {
    await bindZonal('zonal', ['ReadWriteMany']);
    await becomes('zonal', INJECTED);
    await becomes('zonal', UNUSABLE, inZone('b'));
    expect(await decisionOn('zonal', inZone('a'))).toMatchObject({ decision: 'injected' });
  });

  test('that one node can mount goes into no pod of a Deployment, unless there is one node or a setting says so', async () => {
    await bindZonal('once', ['ReadWriteOnce']);
    // The only node is that of the tests above.
    await becomes('once', INJECTED);
    await client.create(node('second', 'v1.36.3', 'containerd://2.2.9'));
    await becomes('once', UNUSABLE);
    const onNode = { containers: [container('app')], nodeSelector: { 'kubernetes.io/hostname': 'second' } };
    expect(await decisionOn('once', { spec: onNode })).toMatchObject({ decision: 'injected' });
    const annotations = { 'agent-injector.io/delivery': 'persistentVolumeClaim' };
    expect(await decisionOn('once', { annotations })).toMatchObject({ decision: 'injected' });
  });

  test('that can have no volume goes into no pod, until there is a volume for it', async () => {
    await client.createNamespace('unbound', optedIn());
    await client.create(claim('unbound', { accessModes: ['ReadWriteMany'], storageClassName: 'by-hand' }));
    await becomes('unbound', UNUSABLE);
    const warnings = await client.create<Pod>(podOf('unbound', 'told'), { dryRun: true });
    expect(warnings.warnings.join()).toContain(' claim-unusable: ');
    await client.create({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'late' },
      spec: {
        accessModes: ['ReadWriteMany'],
        storageClassName: 'by-hand',
        capacity: { storage: '1Gi' },
        nfs: { server: 'nfs.example.com', path: '/agent' },
      },
    });
    await becomes('unbound', INJECTED);
  });

  test('that waits for a pod goes into pods; one of a class that is not there does not', async () => {
    await client.createNamespace('waiting', optedIn());
    await client.create(claim('waiting', { accessModes: ['ReadWriteMany'] }));
    await becomes('waiting', INJECTED);
    await client.createNamespace('misspelled', optedIn());
    await client.create(claim('misspelled', { accessModes: ['ReadWriteMany'], storageClassName: 'standrad' }));
    await becomes('misspelled', UNUSABLE);
  });
});
