import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../support/client.ts';
import { goldenFiles, normalise } from './golden.ts';
import {
  changeDomain,
  optedIn,
  ours,
  startInjectedCluster,
  type InjectedCluster,
} from '../support/injected-cluster.ts';
import type { Injector } from '../support/injector.ts';
import { container, instrumented, podOf, recordOf, variable, type Pod } from '../support/pod.ts';

// Annotations of users, and how soon a change takes effect.

const expectGolden = goldenFiles(import.meta.url);

let cluster: InjectedCluster;
let client: Client;
let injector: Injector;
beforeAll(async () => {
  cluster = await startInjectedCluster();
  ({ client, injector } = cluster);
});
afterAll(() => cluster?.stop());

const create = async (pod: Pod): Promise<Pod> => (await client.create<Pod>(pod)).object;

test('a pod overrides a value of its namespace, and a container overrides both', async () => {
  await client.createNamespace('layers', optedIn());
  const both = { containers: [container('app'), container('worker')] };
  const domains = (pod: Pod): readonly unknown[] => [
    variable(pod, 'ARIES_DOMAIN_ID', 'app'),
    variable(pod, 'ARIES_DOMAIN_ID', 'worker'),
  ];
  expect(domains(await create(podOf('layers', 'by-profile', { spec: both })))).toEqual(['1000', '1000']);

  await client.createNamespace('layered', optedIn({ 'domain-id': '1500' }));
  expect(domains(await create(podOf('layered', 'by-namespace', { spec: both })))).toEqual(['1500', '1500']);

  const annotations = ours({ 'domain-id': '2000' });
  expect(domains(await create(podOf('layered', 'by-pod', { annotations, spec: both })))).toEqual(['2000', '2000']);

  const own = { ...annotations, 'domain-id.agent-injector.io/worker': '3000' };
  const pod = await create(podOf('layered', 'by-container', { annotations: own, spec: both }));
  expect(domains(pod)).toEqual(['2000', '3000']);
  expectGolden('by-container.yaml', normalise(pod));
});

test('inject "false" on a pod prevents its injection without a warning', async () => {
  await client.createNamespace('all-but-one', optedIn());
  const annotations = ours({ inject: 'false' });
  const { object, warnings } = await client.create<Pod>(podOf('all-but-one', 'not-this-one', { annotations }));
  expect(instrumented(object)).toEqual([]);
  expect(recordOf(object)).toBeUndefined();
  expect(warnings).toEqual([]);
  expect(instrumented(await create(podOf('all-but-one', 'this-one')))).toEqual(['app']);
  expect(await injector.decisions('all-but-one')).toMatchObject([
    { pod: 'not-this-one', outcome: 'skipped', reason: 'opted-out' },
    { pod: 'this-one', outcome: 'injected' },
  ]);
});

test('inject "false" on a namespace prevents injection, except into pods with inject "true"', async () => {
  await client.createNamespace('one-by-one', optedIn({ inject: 'false' }));
  const { object, warnings } = await client.create<Pod>(podOf('one-by-one', 'not-this-one'));
  expect(instrumented(object)).toEqual([]);
  expect(warnings).toEqual([]);
  const annotations = ours({ inject: 'true' });
  expect(instrumented(await create(podOf('one-by-one', 'this-one', { annotations })))).toEqual(['app']);
});

test('an invalid value prevents injection with a warning, and the pod is created', async () => {
  await client.createNamespace('wrong', optedIn());
  const annotations = ours({ 'domain-id': '40000' });
  const { object, warnings } = await client.create<Pod>(podOf('wrong', 'warned', { annotations }));
  expect(warnings).toEqual([expect.stringMatching(/ invalid-value: .*domain-id.*"40000"/)]);
  expect(instrumented(object)).toEqual([]);
  expect(recordOf(object)).toMatchObject({ decision: 'skipped', reason: 'invalid-value' });
  expect(await client.find({ kind: 'Pod', namespace: 'wrong', name: 'warned' })).toBeDefined();
});

test('a pod that requires injection but cannot be injected is refused with the reason, though the webhook fails open', async () => {
  await client.createNamespace('strict', optedIn());
  const labels = ours({ injection: 'required' });
  const wrong = podOf('strict', 'refused', { labels, annotations: ours({ 'domain-id': '40000' }) });
  await expect(client.create(wrong)).rejects.toMatchObject({
    status: 403,
    reason: 'Forbidden',
    message: expect.stringMatching(/denied the request: .*domain-id.*"40000".*\(invalid-value\)/),
  });
  expect(await client.find({ kind: 'Pod', namespace: 'strict', name: 'refused' })).toBeUndefined();
  expect(instrumented(await create(podOf('strict', 'right', { labels })))).toEqual(['app']);
});

test('a changed annotation of the namespace applies to the next pod', async () => {
  const namespace = 'changing';
  await client.createNamespace(namespace, optedIn({ 'domain-id': '1000' }));
  expect(variable(await create(podOf(namespace, 'before')), 'ARIES_DOMAIN_ID')).toBe('1000');

  const after = await changeDomain(client, namespace, '1001');
  console.log(`a changed annotation took effect after ${after} ms`);
  expect(after).toBeLessThan(2000);
});
