import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { KubeObject } from '../support/client.ts';
import { goldenFiles, normalise } from './golden.ts';
import { optedIn, ours, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { instrumented, podsOf, recordOf, type Pod } from '../support/pod.ts';

// The article's sample Deployment, in a namespace that is opted in by a label and an annotation.

const NAME = 'net-razor31-sample';
const expectGolden = goldenFiles(import.meta.url);

let cluster: InjectedCluster;
beforeAll(async () => {
  // The default is 15 s.
  cluster = await startInjectedCluster({ controllerManagerFlags: ['--horizontal-pod-autoscaler-sync-period=1s'] });
});
afterAll(() => cluster?.stop());

type Workload = KubeObject & {
  readonly spec: { readonly template: { readonly metadata: object; readonly spec: Pod['spec'] } };
};

function sampleIn(namespace: string, annotations?: Readonly<Record<string, string>>): Workload {
  const sample = parse(readFileSync(new URL('sample-deployment.yaml', import.meta.url), 'utf8')) as Workload;
  const template = { ...sample.spec.template, metadata: { ...sample.spec.template.metadata, annotations } };
  return { ...sample, metadata: { ...sample.metadata, namespace }, spec: { ...sample.spec, template } };
}

function autoscaler(namespace: string, minReplicas: number): KubeObject {
  const resource = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } };
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: NAME, namespace },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: NAME },
      minReplicas,
      maxReplicas: 5,
      metrics: [{ type: 'Resource', resource }],
    },
  };
}

test('each pod of the Deployment is injected, and so is each pod that an autoscaler adds', async () => {
  const { client, injector } = cluster;
  const namespace = 'scaled';
  await client.createNamespace(namespace, optedIn());
  await client.create(autoscaler(namespace, 1));
  await client.create(sampleIn(namespace));
  const [first] = await podsOf(client, { namespace, name: NAME }, 1);
  expectGolden('injected.yaml', normalise(first));

  // The autoscaler applies its bounds without metrics.
  await client.patch({ kind: 'HorizontalPodAutoscaler', namespace, name: NAME }, { spec: { minReplicas: 3 } });
  const three = await podsOf(client, { namespace, name: NAME }, 3);
  expect(new Set(three.map(normalise))).toEqual(new Set([normalise(first)]));
  expect((await injector.decisions(namespace)).map(({ outcome }) => outcome)).toEqual([
    'injected',
    'injected',
    'injected',
  ]);

  await client.scale({ kind: 'Deployment', namespace, name: NAME }, 5);
  const five = await podsOf(client, { namespace, name: NAME }, 5);
  expect(new Set(five.map(normalise))).toEqual(new Set([normalise(first)]));
});

test('the agent files come from the claim that the namespace names, or are in the image already', async () => {
  const { client } = cluster;
  await client.createNamespace('claimed', optedIn({ 'claim-name': 'agents-of-this-team', 'domain-id': '1200' }));
  await client.create(sampleIn('claimed', ours({ delivery: 'persistentVolumeClaim' })));
  const [claimed] = await podsOf(client, { namespace: 'claimed', name: NAME }, 1);
  expectGolden('persistent-volume-claim.yaml', normalise(claimed));

  await client.createNamespace('preinstalled', optedIn());
  await client.create(sampleIn('preinstalled', ours({ delivery: 'preinstalled' })));
  const [preinstalled] = await podsOf(client, { namespace: 'preinstalled', name: NAME }, 1);
  expectGolden('preinstalled.yaml', normalise(preinstalled));
});

test('a dry run returns the injected pod, and creates no pod and no Event', async () => {
  const { client, injector } = cluster;
  const namespace = 'tried';
  await client.createNamespace(namespace, optedIn());
  const { template } = sampleIn(namespace).spec;
  const manifest = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'sample', namespace }, spec: template.spec };
  const tried = await client.create<Pod>(manifest, { dryRun: true });
  expect(instrumented(tried.object)).toEqual([NAME]);
  expect(tried.warnings).toEqual([]);
  expect(await injector.decisions(namespace)).toMatchObject([{ outcome: 'injected', pod: 'sample', dryRun: true }]);
  expect(await client.list({ kind: 'Pod', namespace })).toEqual([]);
  expect(await client.list({ kind: 'Event', namespace })).toEqual([]);

  const created = await client.create<Pod>(manifest);
  expect(recordOf(created.object)).toEqual(recordOf(tried.object));
});
