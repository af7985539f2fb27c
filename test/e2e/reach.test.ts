import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Client } from '../support/client.ts';
import { optedIn, ours, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { startInjector, type Injector } from '../support/injector.ts';
import { instrumented, podOf, type Pod } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';
import { startWatchHolder } from './watch-holder.ts';

// The pods for which the API server calls the webhook, from the first moment of a namespace.

let cluster: InjectedCluster;
let client: Client;
let injector: Injector;
beforeAll(async () => {
  cluster = await startInjectedCluster();
  ({ client, injector } = cluster);
});
afterAll(() => cluster?.stop());

/** Answered reviews: counted by the API server, by the injector's metric, and by its log. */
async function counts(): Promise<readonly number[]> {
  return [await cluster.webhook.calls(), await injector.reviews(), (await injector.decisions()).length];
}

test('the webhook is called for pods of opted-in namespaces, and for no others', async () => {
  const { labels, annotations } = optedIn();
  await client.createNamespace('unlabelled', { annotations });
  await client.createNamespace('misspelt', { labels: ours({ injection: 'true' }), annotations });
  await client.createNamespace('labelled', { labels, annotations });
  const before = await counts();
  expect(new Set(before).size, 'equal counts').toBe(1);

  const disabled = { labels: ours({ injection: 'disabled' }) };
  const excluded = [podOf('unlabelled', 'a'), podOf('misspelt', 'b'), podOf('labelled', 'c', disabled)];
  for (const pod of excluded) {
    const { object, warnings } = await client.create<Pod>(pod);
    expect(object.metadata?.annotations).toBeUndefined();
    expect(instrumented(object)).toEqual([]);
    expect(warnings).toEqual([]);
  }
  expect(await counts()).toEqual(before);

  // Equal counts prove something only if a pod that should be reviewed is counted.
  const { object } = await client.create<Pod>(podOf('labelled', 'd'));
  expect(instrumented(object)).toEqual(['app']);
  expect(await counts()).toEqual(before.map((count) => count + 1));
});

test('the first pod of a new namespace is injected', async () => {
  // Pods need a ServiceAccount. Waiting for the default one would give the injector time to load the namespace.
  const serviceAccountName = 'own';
  for (let round = 0; round < 10; round++) {
    const namespace = `new-${round}`;
    await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, ...optedIn() } });
    // Without the API server, which waits 50 ms for objects of a new namespace.
    expect((await injector.review(namespace, podOf(namespace, 'at-once'))).patch).not.toEqual([]);
    await client.create({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: serviceAccountName, namespace },
    });
    const pod = podOf(namespace, 'first');
    const spec = { ...pod.spec, serviceAccountName, automountServiceAccountToken: false };
    const { object, warnings } = await client.create<Pod>({ ...pod, spec });
    expect(warnings).toEqual([]);
    expect(instrumented(object)).toEqual(['app']);
  }
  const decisions = (await injector.decisions()).filter(({ namespace }) => namespace.startsWith('new-'));
  // One decision each: after a failed call, the API server would have admitted the pod, or called again.
  expect(decisions.map(({ pod, outcome }) => `${pod} ${outcome}`)).toEqual(
    Array.from({ length: 10 }, () => ['at-once injected', 'first injected']).flat(),
  );
});

test('a namespace that the watch has not sent is requested once, and a known one never', async () => {
  await client.createNamespace('known', optedIn());
  const holder = await startWatchHolder(cluster.controlPlane);
  onTestFinished(() => holder.stop());
  const late = await startInjector(holder);
  onTestFinished(async () => void (await late.stop()));
  await late.ready();
  await waitFor('the watch', () => holder.requests().some((path) => /namespaces\?.*watch=1/.test(path)));
  holder.hold();
  const before = holder.requests();

  await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'unsent', ...optedIn() } });
  const pods = Array.from({ length: 20 }, (_, index) => podOf('unsent', `pod-${index}`));
  const answers = await Promise.all(pods.map((pod) => late.review('unsent', pod)));
  expect(answers.filter(({ allowed, patch }) => allowed && patch.length > 0)).toHaveLength(20);
  const after = holder.requests();
  expect(after.slice(before.length)).toEqual(['/api/v1/namespaces/unsent']);

  for (let index = 0; index < 20; index++) await late.review('known', podOf('known', `pod-${index}`));
  expect(holder.requests()).toEqual(after);
});
