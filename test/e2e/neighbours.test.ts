import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Client, KubeObject } from '../support/client.ts';
import { goldenFiles, normalise } from './golden.ts';
import { optedIn, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { container, instrumented, podOf, podsOf, recordOf, type Pod } from '../support/pod.ts';
import { addsContainer, startRecorder } from './recorder.ts';
import { registerWebhook } from './webhook.ts';

// Other sources of changes to the same pods: a second webhook, another vendor's agent, and manual instrumentation.

const expectGolden = goldenFiles(import.meta.url);

let cluster: InjectedCluster;
let client: Client;
beforeAll(async () => {
  cluster = await startInjectedCluster();
  ({ client } = cluster);
  await client.createNamespace('ours', optedIn());
  // For comparison: pods of this namespace are not sent to the webhook.
  await client.createNamespace('bare');
});
afterAll(() => cluster?.stop());

const specOf = ({ spec }: Pod): string => normalise({ spec });

test('a container that a later webhook adds is injected too, and the record names both containers', async () => {
  const second = await startRecorder({ patch: addsContainer(container('helper')) });
  const registered = await registerWebhook(client, { name: 'zz-helper', url: second.url, ca: second.ca });
  const { object, warnings } = await client.create<Pod>(podOf('ours', 'extended'));
  await registered.remove();
  await second.stop();

  expect(instrumented(object)).toEqual(['app', 'helper']);
  expect(recordOf(object)).toMatchObject({ containers: [{ container: 'app' }, { container: 'helper' }] });
  expect(warnings).toEqual([]);
  expectGolden('extended.yaml', normalise(object));
  const rounds = (await cluster.injector.decisions('ours')).filter(({ pod }) => pod === 'extended');
  expect(rounds.map(({ outcome, injected }) => [outcome, injected])).toEqual([
    ['injected', ['app=jennifer-dotnet/persistentVolumeClaim']],
    ['injected', ['helper=jennifer-dotnet/persistentVolumeClaim']],
  ]);
});

test("a pod with another vendor's profiler is not changed, and the vendor is named", async () => {
  const env = [
    { name: 'CORECLR_ENABLE_PROFILING', value: '1' },
    { name: 'CORECLR_PROFILER', value: '{846F5F1C-F9AE-4B07-969E-05C26BC060D8}' },
    { name: 'CORECLR_PROFILER_PATH', value: '/opt/datadog/Datadog.Trace.ClrProfiler.Native.so' },
  ];
  const spec = { containers: [container('app', { env })] };
  const { object, warnings } = await client.create<Pod>(podOf('ours', 'datadog', { spec }));
  expect(warnings).toEqual([expect.stringMatching(/ foreign-profiler: .*Datadog/)]);
  expect(recordOf(object)).toMatchObject({ decision: 'skipped', reason: 'foreign-profiler' });
  const bare = await client.create<Pod>(podOf('bare', 'datadog', { spec }));
  expect(specOf(object)).toBe(specOf(bare.object));
});

test("the article's hand-written Deployment is recognized as instrumented, and is not changed", async () => {
  const manifest = parse(readFileSync(new URL('by-hand-deployment.yaml', import.meta.url), 'utf8')) as KubeObject;
  const name = manifest.metadata?.name ?? '';
  const deployed = async (namespace: string): Promise<Pod> => {
    await client.create({ ...manifest, metadata: { ...manifest.metadata, namespace } });
    const [pod] = await podsOf(client, { namespace, name }, 1);
    return pod;
  };
  const pod = await deployed('ours');
  expect(specOf(pod)).toBe(specOf(await deployed('bare')));
  expect(recordOf(pod)).toMatchObject({ decision: 'skipped', reason: 'already-instrumented' });
  expectGolden('by-hand.yaml', normalise(pod));
});
