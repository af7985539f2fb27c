import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client, KubeObject } from '../support/client.ts';
import { goldenFiles, normalise } from './golden.ts';
import { optedIn, ours, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { container, instrumented, podOf, podsOf, type Pod } from '../support/pod.ts';

const NAMESPACE = 'workloads';
const expectGolden = goldenFiles(import.meta.url);

let cluster: InjectedCluster;
let client: Client;
beforeAll(async () => {
  cluster = await startInjectedCluster();
  ({ client } = cluster);
  await client.createNamespace(NAMESPACE, optedIn());
});
afterAll(() => cluster?.stop());

const metadata = (name: string): KubeObject['metadata'] & object => ({ name, namespace: NAMESPACE });

function templateOf(app: string, spec: object): object {
  return { selector: { matchLabels: { app } }, template: { metadata: { labels: { app } }, spec } };
}

const jobTemplate = {
  spec: {
    template: {
      metadata: { labels: { app: 'report' } },
      spec: { restartPolicy: 'Never', containers: [container('app')] },
    },
  },
};

/** Waits for the only pod of a controller, and expects one decision with this owner. */
async function onlyPodOf(name: string, owner: string | RegExp): Promise<Pod> {
  const [pod] = await podsOf(client, { namespace: NAMESPACE, name }, 1);
  const decisions = (await cluster.injector.decisions(NAMESPACE)).filter((decision) => decision.owner?.match(owner));
  expect(decisions.map(({ outcome }) => outcome)).toEqual(['injected']);
  return pod;
}

describe('the pod is injected', () => {
  test('of a StatefulSet with a volume claim template', async () => {
    const data = { name: 'data', mountPath: '/var/lib/app' };
    const requests = { storage: '1Gi' };
    const claim = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests } } };
    await client.create({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: metadata('store'),
      spec: {
        serviceName: 'store',
        volumeClaimTemplates: [claim],
        ...templateOf('store', { containers: [container('app', { volumeMounts: [data] })] }),
      },
    });
    const pod = await onlyPodOf('store', 'StatefulSet/store');
    expect(pod.metadata?.name).toBe('store-0');
    expectGolden('statefulset.yaml', normalise(pod));
  });

  test('of a DaemonSet with the network of the node', async () => {
    const status = { conditions: [{ type: 'Ready', status: 'True' }], capacity: { pods: '110' } };
    await client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' }, status });
    const tolerations = [{ operator: 'Exists' }];
    const containers = [container('app', { ports: [{ containerPort: 8080 }] })];
    await client.create({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: metadata('everywhere'),
      spec: templateOf('everywhere', { hostNetwork: true, tolerations, containers }),
    });
    expectGolden('daemonset.yaml', normalise(await onlyPodOf('everywhere', 'DaemonSet/everywhere')));
    await client.delete({ kind: 'DaemonSet', namespace: NAMESPACE, name: 'everywhere' });
    await client.delete({ kind: 'Node', name: 'node-1' });
  });

  test('of a Job', async () => {
    await client.create({ apiVersion: 'batch/v1', kind: 'Job', metadata: metadata('once'), ...jobTemplate });
    expectGolden('job.yaml', normalise(await onlyPodOf('once', 'Job/once')));
  });

  test('of a CronJob', async () => {
    const spec = { schedule: '* * * * *', concurrencyPolicy: 'Forbid', jobTemplate };
    const cronJob = { apiVersion: 'batch/v1', kind: 'CronJob', metadata: metadata('each-minute'), spec };
    await client.create(cronJob);
    // An overdue CronJob runs at once, instead of at the end of the minute.
    const lastScheduleTime = new Date(Date.now() - 120_000).toISOString().replace(/\.\d+/, '');
    const ref = { kind: 'CronJob', namespace: NAMESPACE, name: 'each-minute' };
    await client.patch(ref, { status: { lastScheduleTime } }, { subresource: 'status' });
    expectGolden('cronjob.yaml', normalise(await onlyPodOf('each-minute', /^Job\/each-minute-\d+$/)));
  });

  test('that has init containers and native sidecars', async () => {
    const scratch = { name: 'scratch', mountPath: '/scratch' };
    const env = [{ name: 'HOST_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } }];
    const spec = {
      initContainers: [
        container('migrate', { volumeMounts: [scratch] }),
        container('log-shipper', { restartPolicy: 'Always', env, volumeMounts: [scratch] }),
      ],
      containers: [container('app', { env, volumeMounts: [scratch] }), container('worker')],
      volumes: [{ name: 'scratch', emptyDir: {} }],
    };
    const { object, warnings } = await client.create<Pod>(podOf(NAMESPACE, 'with-sidecars', { spec }));
    expect(instrumented(object)).toEqual(['app', 'worker']);
    expect(warnings).toEqual([]);
    expectGolden('with-sidecars.yaml', normalise(object));

    const annotations = ours({ containers: 'app,log-shipper' });
    const named = await client.create<Pod>(podOf(NAMESPACE, 'with-a-named-sidecar', { annotations, spec }));
    expect(instrumented(named.object)).toEqual(['app', 'log-shipper']);
  });

  test('that has the proxy of a service mesh, which gets no agent', async () => {
    const proxy = container('istio-proxy', { args: ['proxy', 'sidecar'] });
    const sidecar = { containers: [container('app'), proxy] };
    const { object } = await client.create<Pod>(podOf(NAMESPACE, 'meshed', { spec: sidecar }));
    expect(instrumented(object)).toEqual(['app']);
    expectGolden('meshed.yaml', normalise(object));

    const native = { initContainers: [{ ...proxy, restartPolicy: 'Always' }], containers: [container('app')] };
    const meshed = await client.create<Pod>(podOf(NAMESPACE, 'natively-meshed', { spec: native }));
    expect(instrumented(meshed.object)).toEqual(['app']);
  });
});

test('an update of an injected pod does not call the webhook', async () => {
  const ref = { kind: 'Pod', namespace: NAMESPACE, name: 'later' };
  const { object } = await client.create<Pod>(podOf(NAMESPACE, 'later'));
  const before = await cluster.webhook.calls();
  const { object: changed } = await client.patch<Pod>(ref, { metadata: { labels: { team: 'shop' } } });
  expect(changed.spec).toEqual(object.spec);
  expect(await cluster.webhook.calls()).toBe(before);
});
