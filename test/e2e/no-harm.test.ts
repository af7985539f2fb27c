import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mountedDirectory, profileText, type Mounted } from '../support/mounted-directory.ts';
import type { Client, KubeObject } from '../support/client.ts';
import { optedIn, ours, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import {
  container,
  instrumented,
  podOf,
  podsOf,
  recordOf,
  variable,
  type Pod,
  type PodOptions,
} from '../support/pod.ts';
import { waitFor, waitUntil } from '../support/wait-for.ts';

// An injection never prevents a pod from being created or from starting: claims, quotas and LimitRanges of a real API server.

const CLAIM = 'my-agent-file';

let cluster: InjectedCluster;
let client: Client;
let profiles: Mounted;
beforeAll(async () => {
  const files = { image: 'registry.example.com/agent:1', command: ['cp', '-a', '/files/.', '/agent'] };
  const shared = {
    mounts: [{ path: '/our-agent' }],
    environment: [
      { name: 'JAVA_TOOL_OPTIONS', operation: 'append', separator: ' ', value: '-javaagent:/our-agent/a.jar' },
    ],
  };
  profiles = await mountedDirectory({
    'copied.yaml': profileText('copied', {
      ...shared,
      deliveries: [{ initContainer: { sizeLimit: '50Mi', ...files } }],
    }),
    'scratch.yaml': profileText('scratch', {
      ...shared,
      deliveries: [{ ephemeral: { size: '1Gi', storageClassName: 'fast', ...files } }],
    }),
  });
  cluster = await startInjectedCluster({ flags: { checks: 'claims,quotas', profiles: profiles.dir, tenancy: 'open' } });
  client = cluster.client;
});
afterAll(async () => {
  await cluster?.stop();
  await profiles?.remove();
});

let count = 0;
const create = (namespace: string, options: PodOptions = {}) =>
  client.create<Pod>(podOf(namespace, `pod-${(count += 1)}`, options), { dryRun: true });
const decisionIn = async (namespace: string, options: PodOptions = {}) => {
  const { object } = await create(namespace, options);
  return recordOf(object) as { readonly decision: string; readonly reason?: string };
};
const waitForDecision = (namespace: string, expected: object, options: PodOptions = {}) =>
  waitFor(
    `${namespace} to be ${JSON.stringify(expected)}`,
    async () => {
      const { object } = await create(namespace, options);
      expect(recordOf(object)).toMatchObject(expected);
      return object;
    },
    { interval: 5, deadline: 10_000 },
  );

const INJECTED = { decision: 'injected' };
const UNUSABLE = { decision: 'skipped', reason: 'claim-unusable' };

const claimOf = (namespace: string, spec: object = {}, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { namespace, name: CLAIM, ...metadata },
  spec: { accessModes: ['ReadWriteMany'], storageClassName: '', resources: { requests: { storage: '1Gi' } }, ...spec },
});

/** Creates a bound claim whose volume is attached to a node. */
async function createAttachedClaim(namespace: string, accessModes: readonly string[], node: string): Promise<void> {
  await client.createNamespace(namespace, optedIn());
  const volume = `pv-${namespace}`;
  await client.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volume },
    spec: {
      accessModes,
      capacity: { storage: '1Gi' },
      storageClassName: '',
      csi: { driver: 'csi.example.com', volumeHandle: volume },
      claimRef: { namespace, name: CLAIM },
    },
  });
  await client.create(claimOf(namespace, { accessModes, volumeName: volume }));
  await waitUntil(
    'the claim to be bound',
    () => client.get<{ status?: { phase?: string } }>({ kind: 'PersistentVolumeClaim', namespace, name: CLAIM }),
    ({ status }) => status?.phase === 'Bound',
  );
  const name = `va-${namespace}`;
  await client.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name },
    spec: { attacher: 'csi.example.com', nodeName: node, source: { persistentVolumeName: volume } },
  });
  await client.patch({ kind: 'VolumeAttachment', name }, { status: { attached: true } }, { subresource: 'status' });
}

describe('a claim', () => {
  test('prevents injection with a warning while it does not exist, and not once it exists', async () => {
    await client.createNamespace('absent', optedIn());
    await waitFor('the namespace to be loaded', async () => (await create('absent')).object.metadata?.annotations);
    const { object, warnings } = await create('absent');
    expect(recordOf(object)).toMatchObject(UNUSABLE);
    expect(instrumented(object)).toEqual([]);
    expect(warnings.join()).toMatch(new RegExp(` claim-unusable: .*${CLAIM}`));
    await client.create(claimOf('absent'));
    const created = performance.now();
    await waitForDecision('absent', INJECTED);
    console.log(`a claim took effect ${Math.round(performance.now() - created)} ms after its creation`);
  });

  test('is known when the pods of a Deployment that was created right after it arrive', async () => {
    const took: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const namespace = `together-${round}`;
      await client.createNamespace(namespace, optedIn());
      const labels = { app: 'web' };
      const template = { metadata: { labels }, spec: { containers: [container('app')] } };
      await client.create(claimOf(namespace));
      const at = performance.now();
      await client.create({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { namespace, name: 'web' },
        spec: { selector: { matchLabels: labels }, template },
      });
      const [pod] = await podsOf(client, { namespace, name: 'web' }, 1, { interval: 2 });
      took.push(Math.round(performance.now() - at));
      expect(recordOf(pod), namespace).toMatchObject(INJECTED);
    }
    console.log(`pods of a Deployment existed ${took.join(', ')} ms after its creation`);
  });

  test('is known in most cases for a bare pod that is created right after it', async () => {
    let injected = 0;
    const rounds = 20;
    for (let round = 0; round < rounds; round += 1) {
      const namespace = `behind-${round}`;
      await client.createNamespace(namespace, optedIn());
      await waitFor('the namespace to be loaded', async () => (await create(namespace)).object.metadata?.annotations);
      await client.create(claimOf(namespace));
      if ((await decisionIn(namespace)).decision === 'injected') injected += 1;
    }
    console.log(`${injected} of ${rounds} bare pods sent at once after their claim were injected`);
    expect(injected).toBeGreaterThan(rounds / 2);
  });

  test('prevents injection while it is being deleted', async () => {
    await client.createNamespace('deleting', optedIn());
    const ref = { kind: 'PersistentVolumeClaim', namespace: 'deleting', name: CLAIM };
    await client.create(claimOf('deleting', {}, { finalizers: ['example.com/kept'] }));
    await waitForDecision('deleting', INJECTED);
    await client.delete(ref);
    await waitForDecision('deleting', UNUSABLE);
    expect((await create('deleting')).warnings.join()).toContain(' claim-unusable: ');
    await client.patch(ref, { metadata: { finalizers: null } });
  });

  test('with ReadWriteOnce that is attached to a node prevents injection, except into pods that can only run there', async () => {
    await createAttachedClaim('once', ['ReadWriteOnce'], 'node-1');
    await waitForDecision('once', UNUSABLE);
    expect((await create('once')).warnings.join()).toMatch(/ claim-unusable: .*node-1/);
    const on = (more: object): PodOptions => ({ spec: { containers: [container('app')], ...more } });
    expect(await decisionIn('once', on({ nodeSelector: { 'kubernetes.io/hostname': 'node-1' } }))).toMatchObject(
      INJECTED,
    );
    expect(await decisionIn('once', on({ nodeSelector: { 'kubernetes.io/hostname': 'node-2' } }))).toMatchObject(
      UNUSABLE,
    );
    const byField = (node: string) => ({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
          },
        },
      },
    });
    // As in the pods of a DaemonSet.
    expect(await decisionIn('once', on(byField('node-1')))).toMatchObject(INJECTED);
    expect(await decisionIn('once', on(byField('node-2')))).toMatchObject(UNUSABLE);
    // Now the first node may have it. The scheduler does not see to it that all pods go there, so pods without a node do not get it.
    await client.delete({ kind: 'VolumeAttachment', name: 'va-once' });
    await waitForDecision('once', INJECTED, on({ nodeSelector: { 'kubernetes.io/hostname': 'node-2' } }));
    expect(await decisionIn('once')).toMatchObject(UNUSABLE);
  });

  test('with ReadWriteMany allows injection on every node, and with ReadWriteOncePod prevents it once it is in use', async () => {
    await createAttachedClaim('many', ['ReadWriteMany'], 'node-1');
    await createAttachedClaim('one-pod', ['ReadWriteOncePod'], 'node-1');
    await waitForDecision('one-pod', UNUSABLE, {
      spec: { containers: [container('app')], nodeSelector: { 'kubernetes.io/hostname': 'node-1' } },
    });
    expect(await decisionIn('many')).toMatchObject(INJECTED);
  });
});

test('a directory of the node is not mounted where Pod Security forbids it', async () => {
  await client.createNamespace('strict', {
    ...optedIn({ 'host-path': '/opt/agent', delivery: 'hostPath' }),
    labels: { ...optedIn().labels, 'pod-security.kubernetes.io/enforce': 'restricted' },
  });
  const securityContext = {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
  await waitForDecision(
    'strict',
    { decision: 'skipped', reason: 'delivery-not-possible' },
    {
      spec: { containers: [container('app', { securityContext })] },
    },
  );
});

const cachedObjects = async (resource: string): Promise<number> => {
  const { text } = await cluster.injector.ask('/metrics');
  return Number(
    new RegExp(`^agent_injector_cache_objects\\{resource="${resource}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? -1,
  );
};
const limits = { quotas: 0, ranges: 0 };

/** Creates the quota and the LimitRange, and waits until both the API server and the injector apply them. */
async function limit(
  namespace: string,
  quota: object | undefined,
  ranges: readonly object[] | undefined,
): Promise<void> {
  if (quota) {
    await client.create({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { namespace, name: 'quota' },
      spec: quota,
    });
    limits.quotas += 1;
    await waitFor('the quota to be counted', async () => {
      const { status } = await client.get<{ status?: { used?: object } }>({
        kind: 'ResourceQuota',
        namespace,
        name: 'quota',
      });
      return status?.used !== undefined;
    });
  }
  if (ranges) {
    const spec = { limits: ranges };
    await client.create({ apiVersion: 'v1', kind: 'LimitRange', metadata: { namespace, name: 'range' }, spec });
    limits.ranges += 1;
  }
  await waitFor('the LimitRange to be loaded', async () => (await cachedObjects('limitranges')) === limits.ranges);
  await waitFor('the quota to be loaded', async () => (await cachedObjects('resourcequotas')) === limits.quotas);
}

describe('an ephemeral claim is limited by quotas and LimitRanges', () => {
  const SKIPPED = { decision: 'skipped', reason: 'no-fitting-delivery' };
  test.each<[string, object | undefined, readonly object[] | undefined, object, string | undefined]>([
    ['room', { hard: { persistentvolumeclaims: '1', 'requests.storage': '1Gi' } }, undefined, INJECTED, undefined],
    ['number', { hard: { persistentvolumeclaims: '0' } }, undefined, SKIPPED, 'persistentvolumeclaims'],
    ['storage', { hard: { 'requests.storage': '1000Mi' } }, undefined, SKIPPED, 'requests.storage'],
    ['objects', { hard: { 'count/persistentvolumeclaims': '0' } }, undefined, SKIPPED, 'count/persistentvolumeclaims'],
    [
      'class',
      { hard: { 'fast.storageclass.storage.k8s.io/requests.storage': '1' } },
      undefined,
      SKIPPED,
      'fast.storageclass.storage.k8s.io/requests.storage',
    ],
    [
      'other-class',
      { hard: { 'slow.storageclass.storage.k8s.io/requests.storage': '1' } },
      undefined,
      INJECTED,
      undefined,
    ],
    ['range', undefined, [{ type: 'PersistentVolumeClaim', max: { storage: '500Mi' } }], SKIPPED, 'LimitRange range'],
    [
      'wide-range',
      undefined,
      [{ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '1Gi' } }],
      INJECTED,
      undefined,
    ],
  ])('%s', async (name, quota, ranges, expected, cause) => {
    const namespace = `scratch-${name}`;
    await client.createNamespace(namespace, optedIn({ profile: 'scratch' }));
    await limit(namespace, quota, ranges);
    // A new volume belongs to root: without this group, the init container could not write to it.
    const spec = { containers: [container('app')], securityContext: { fsGroup: 2000 } };
    await waitForDecision(namespace, expected, { spec });
    if (cause === undefined) return;
    const { decisions } = cluster.injector;
    const found = (await decisions(namespace)).find(({ outcome }) => outcome === 'skipped');
    expect(JSON.stringify(found)).toContain(cause);
  });
});

describe('the init container is admitted wherever the pod without it is admitted', () => {
  const of = (requests: object | undefined, limited?: object, name = 'app') =>
    container(name, { resources: { ...(requests && { requests }), ...(limited && { limits: limited }) } });
  const cpu = (value: string, memory: string) => ({ cpu: value, memory });
  interface Case {
    readonly quota?: object;
    readonly ranges?: readonly object[];
    readonly spec: Pod['spec'];
  }
  const plain = { containers: [container('app')] };
  const small = { containers: [of(cpu('100m', '64Mi'), cpu('200m', '128Mi'))] };
  const cases: Readonly<Record<string, Case>> = {
    'best-effort': { quota: { hard: { pods: '0' }, scopes: ['NotBestEffort'] }, spec: plain },
    burstable: { quota: { hard: { pods: '0' }, scopes: ['BestEffort'] }, spec: { containers: [of(cpu('1m', '1Mi'))] } },
    'tight-requests': {
      quota: { hard: { 'requests.cpu': '5m', 'requests.memory': '1Mi' } },
      spec: { containers: [of(cpu('5m', '1Mi'))] },
    },
    'tight-limits': {
      quota: { hard: { 'limits.cpu': '20m', 'limits.memory': '32Mi' } },
      spec: { containers: [of(undefined, cpu('20m', '32Mi'))] },
    },
    'tight-sum': {
      quota: { hard: { cpu: '300m', memory: '96Mi', 'limits.cpu': '400m', 'limits.memory': '192Mi' } },
      spec: {
        containers: [
          of(cpu('100m', '64Mi'), cpu('200m', '128Mi')),
          of(cpu('200m', '32Mi'), cpu('200m', '64Mi'), 'other'),
        ],
      },
    },
    'scoped-guaranteed': {
      quota: { hard: { 'requests.cpu': '20m', 'limits.memory': '32Mi' }, scopes: ['NotBestEffort', 'NotTerminating'] },
      spec: { containers: [of(undefined, cpu('20m', '32Mi'))] },
    },
    'tight-with-sidecar': {
      quota: { hard: { 'requests.cpu': '30m', 'limits.memory': '64Mi' } },
      spec: {
        containers: [of(cpu('20m', '16Mi'), cpu('20m', '32Mi'))],
        initContainers: [{ ...of(cpu('10m', '16Mi'), cpu('20m', '32Mi'), 'tail'), restartPolicy: 'Always' }],
      },
    },
    'tight-disk': {
      quota: { hard: { 'requests.ephemeral-storage': '60Mi', 'limits.ephemeral-storage': '100Mi' } },
      spec: { containers: [of({ 'ephemeral-storage': '60Mi' }, { 'ephemeral-storage': '100Mi' })] },
    },
    'zero-requests': { quota: { hard: { 'requests.cpu': '1' } }, spec: { containers: [of({ cpu: '0' })] } },
    'range-min': {
      ranges: [{ type: 'Container', min: cpu('300m', '256Mi') }],
      spec: { containers: [of(cpu('500m', '300Mi'))] },
    },
    'range-max': {
      ranges: [{ type: 'Container', max: cpu('100m', '64Mi') }],
      spec: { containers: [of(cpu('50m', '32Mi'), cpu('100m', '64Mi'))] },
    },
    'range-ratio-1': {
      ranges: [{ type: 'Container', maxLimitRequestRatio: cpu('1', '1') }],
      spec: { containers: [of(undefined, cpu('300m', '200Mi'))] },
    },
    'range-ratio-3': {
      ranges: [{ type: 'Container', maxLimitRequestRatio: cpu('3', '3') }],
      spec: { containers: [of(cpu('100m', '100Mi'), cpu('300m', '300Mi'))] },
    },
    'range-ratio-of-two': {
      ranges: [{ type: 'Container', maxLimitRequestRatio: { cpu: '3' } }],
      spec: { containers: [of({ cpu: '20m' }, { cpu: '40m' }), of({ cpu: '300m' }, { cpu: '900m' }, 'other')] },
    },
    'range-pod-max': {
      ranges: [{ type: 'Pod', max: cpu('100m', '64Mi') }],
      spec: { containers: [of(undefined, cpu('50m', '32Mi')), container('other')] },
    },
    'range-pod-min': {
      ranges: [{ type: 'Pod', min: cpu('400m', '200Mi') }],
      spec: { containers: [of(cpu('500m', '256Mi'))] },
    },
    'range-pod-ratio': {
      ranges: [{ type: 'Pod', maxLimitRequestRatio: cpu('2', '2') }],
      spec: { containers: [of(cpu('100m', '64Mi'), cpu('200m', '128Mi')), container('other')] },
    },
    'range-defaults': {
      ranges: [
        {
          type: 'Container',
          default: cpu('200m', '100Mi'),
          defaultRequest: cpu('100m', '50Mi'),
          min: cpu('50m', '40Mi'),
          max: cpu('200m', '100Mi'),
        },
      ],
      spec: plain,
    },
    'range-disk': {
      ranges: [
        {
          type: 'Container',
          min: { 'ephemeral-storage': '60Mi' },
          max: { 'ephemeral-storage': '80Mi' },
          maxLimitRequestRatio: { 'ephemeral-storage': '1' },
        },
      ],
      spec: { containers: [of({ 'ephemeral-storage': '70Mi' }, { 'ephemeral-storage': '70Mi' })] },
    },
    'range-and-quota': {
      quota: { hard: { 'requests.cpu': '300m', 'limits.memory': '300Mi' } },
      ranges: [
        { type: 'Container', min: cpu('300m', '200Mi'), max: cpu('1', '300Mi') },
        { type: 'Pod', max: cpu('1', '300Mi') },
      ],
      spec: { containers: [of(cpu('300m', '200Mi'), cpu('1', '300Mi'))] },
    },
    'whole-pod': {
      quota: { hard: { 'requests.cpu': '100m' } },
      spec: { ...plain, resources: { requests: cpu('100m', '64Mi'), limits: cpu('100m', '64Mi') } },
    },
    'whole-pod-and-range': {
      ranges: [{ type: 'Container', min: cpu('40m', '30Mi'), max: cpu('100m', '64Mi') }],
      spec: {
        containers: small.containers.map(() => of(cpu('50m', '32Mi'), cpu('60m', '40Mi'))),
        resources: { requests: cpu('100m', '64Mi'), limits: cpu('100m', '64Mi') },
      },
    },
  };
  test.each(Object.entries(cases))('%s', async (name, { quota, ranges, spec }) => {
    const namespace = `copied-${name}`;
    await client.createNamespace(namespace, optedIn({ profile: 'copied' }));
    await limit(namespace, quota, ranges);
    const without = await create(namespace, { annotations: ours({ inject: 'false' }), spec });
    expect(variable(without.object, 'JAVA_TOOL_OPTIONS')).toBeUndefined();
    const pod = await waitUntil(
      'the namespace to be loaded',
      async () => (await create(namespace, { spec })).object,
      (made) => recordOf(made) !== undefined,
      { deadline: 5_000 },
    );
    expect(recordOf(pod)).toMatchObject(INJECTED);
    expect(pod.spec.initContainers?.map((one) => one.name)).toContain('copied-agent');
  });
});
