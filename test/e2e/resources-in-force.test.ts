import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import profiles from '../../src/agents/*.yaml';
import { RESOURCES } from '../../src/api/target/kinds.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { type KubeObject, Client } from '../support/client.ts';
import { review } from '../support/injector.ts';
import { podOf, recordOf, type Pod } from '../support/pod.ts';
import { run } from '../support/process.ts';
import { startReplicatedCluster, type ReplicatedCluster } from '../support/replicated-cluster.ts';
import { issuedFlags, publishedBy, SERVERNAME } from '../support/replicas.ts';
import { specOfAnnotations, withoutOrigin } from '../support/targets.ts';
import { waitFor } from '../support/wait-for.ts';

// AgentProfiles and targets as resources of a real API server, with two replicas that were there before the CRDs.

const API_VERSION = 'agent-injector.io/v1alpha1';
const IN_FORCE_MS = 2000;
const LABELS = { 'agent-injector.io/injection': 'enabled' };
const golden = join(import.meta.dirname, '../golden');
const read = (...path: string[]): KubeObject => parse(readFileSync(join(golden, ...path), 'utf8')) as KubeObject;
const documents = profiles as readonly (KubeObject & JsonObject & { readonly metadata: { readonly name: string } })[];
const names = documents.map(({ metadata }) => metadata.name);

/** The defaults of the golden pods, each for its own profile. */
const defaults = Object.fromEntries(
  names.flatMap((name) => {
    const file = join(golden, name, 'defaults.yaml');
    const own = existsSync(file) ? Object.entries(parse(readFileSync(file, 'utf8')) as Record<string, string>) : [];
    return own.map(([setting, value]) => [setting.includes('.') ? setting : `${setting}.${name}`, value]);
  }),
);

let cluster: ReplicatedCluster;
/** One for each replica, without the API server. */
let callers: readonly Client[];

beforeAll(async () => {
  cluster = await startReplicatedCluster();
  await cluster.createConfiguration('plain');
  const config = join(cluster.controlPlane.dir, 'agent-injector.yaml');
  writeFileSync(config, stringify({ defaults }));
  for (let count = 0; count < 2; count++) {
    const replica = await cluster.startReplica({ flags: { ...issuedFlags, config } });
    await replica.ready();
  }
  await cluster.balancer.follow(cluster.replicas);
  const [ca = ''] = await publishedBy(cluster.client);
  callers = cluster.replicas.map(
    ({ port }) => new Client({ url: `https://127.0.0.1:${port}`, ca, token: '', servername: SERVERNAME }),
  );
});
afterAll(() => cluster?.stop());

const messagesOfEach = (text: string): readonly number[] =>
  cluster.replicas.map((replica) => replica.messages().filter((message) => message.includes(text)).length);

/** A profile that extends another one stands under `derived`. */
function resourceOf(document: (typeof documents)[number]): KubeObject {
  const { spec, ...rest } = document;
  const isDerived = typeof spec === 'object' && spec !== null && 'extends' in spec;
  return isDerived ? { ...rest, spec: { derived: spec } } : document;
}

async function installDefinitions(): Promise<void> {
  for (const plural of Object.values(RESOURCES)) {
    const file = join(import.meta.dirname, `../../deploy/crds/${plural}.yaml`);
    await cluster.client.create(parse(readFileSync(file, 'utf8')) as KubeObject);
  }
  await waitFor('the CRDs to be served', async () => {
    const { status, body } = await cluster.client.request('GET', `/apis/${API_VERSION}`);
    const resources = (body as { resources?: { name: string }[] }).resources ?? [];
    return status === 200 && Object.values(RESOURCES).every((plural) => resources.some(({ name }) => name === plural));
  });
}

/** The pod of a dry run. */
async function created(namespace: string, pod: KubeObject): Promise<Pod> {
  const object = { ...pod, metadata: { ...pod.metadata, namespace } };
  return (await cluster.client.create<Pod>(object, { dryRun: true })).object;
}

/** What differs between two pods of the same manifest in two namespaces. */
const comparable = (pod: Pod): object => {
  const { annotations, labels } = withoutOrigin(pod).metadata ?? {};
  const text = JSON.stringify({ annotations, labels, spec: pod.spec });
  return JSON.parse(
    text.replaceAll(/kube-api-access-\w{5}/g, 'kube-api-access').replaceAll(/(annotated|targeted)-/g, ''),
  ) as object;
};

/** The value of a variable in a pod that each replica is asked about. */
const answersOfEach = (
  namespace: string,
  name: string,
  labels: Record<string, string>,
): Promise<readonly (string | undefined)[]> =>
  Promise.all(
    callers.map(async (caller, index) => {
      const pod = podOf(namespace, `probe-${index}-${performance.now()}`, { labels });
      const { patch } = await review(caller, namespace, pod);
      const env = patch.flatMap(({ path, value }) => (path.includes('/env') ? [value].flat() : [])) as {
        name?: string;
        value?: string;
      }[];
      return env.find((one) => one.name === name)?.value;
    }),
  );

/** The time until both replicas answer so, after a change. */
async function inForceAfter(change: () => Promise<unknown>, isSo: () => Promise<boolean>): Promise<number> {
  await change();
  const changedAt = performance.now();
  await waitFor('both replicas to follow', isSo, { interval: 20 });
  return performance.now() - changedAt;
}

test('CRDs that are installed later are found by both replicas, which were quiet about it', async () => {
  expect(messagesOfEach('CRD')).toEqual([0, 0]);
  await installDefinitions();
  for (const document of documents) await cluster.client.create(resourceOf(document));
  await waitFor(
    'the profiles in both replicas',
    async () => {
      const counts = await Promise.all(
        cluster.replicas.map((one) => one.metric('agent_injector_profiles', '{state="user"}')),
      );
      if (counts.every((count) => count === names.length)) return true;
      throw new Error(counts.join());
    },
    { deadline: 60_000 },
  );
});

describe('each built-in profile as a resource, and a target in place of annotations', () => {
  test.each(names.filter((name) => existsSync(join(golden, name, 'namespace.yaml'))))('%s', async (name) => {
    const { metadata } = read(name, 'namespace.yaml');
    const annotations = metadata?.annotations ?? {};
    const pod = read(name, 'pod.yaml');
    await cluster.client.createNamespace(`annotated-${name}`, { labels: LABELS, annotations });
    await cluster.client.createNamespace(`targeted-${name}`, { labels: LABELS });
    await cluster.client.create({
      apiVersion: API_VERSION,
      kind: 'AgentTarget',
      metadata: { name, namespace: `targeted-${name}` },
      spec: specOfAnnotations(annotations),
    });
    const expected = await created(`annotated-${name}`, pod);
    await waitFor('the pod of the target', async () => recordOf(await created(`targeted-${name}`, pod)) !== undefined);
    // Either replica may have answered: both follow within moments.
    await waitFor('the same pod', async () => {
      expect(comparable(await created(`targeted-${name}`, pod))).toEqual(comparable(expected));
      return true;
    });
    expect(recordOf(expected)).toMatchObject({ decision: 'injected' });
  });
});

describe('a change is in force in both replicas within two seconds', () => {
  const own = (spec: JsonObject): KubeObject => ({
    apiVersion: API_VERSION,
    kind: 'AgentTarget',
    metadata: { name: 'own', namespace: 'changing' },
    spec,
  });
  const ref = { kind: 'AgentTarget', namespace: 'changing', name: 'own' };
  const server = 'ARIES_SERVER_ADDRESS';
  const answer = (labels: Record<string, string> = { app: 'web' }) => answersOfEach('changing', server, labels);
  const areAll = async (value: string | undefined): Promise<boolean> => (await answer()).every((one) => one === value);
  const target = { profile: 'jennifer-dotnet', podSelector: { matchLabels: { app: 'web' } } };
  const at = (address: string): JsonObject => ({
    ...target,
    parameters: { 'domain-id': '7', 'server-address': address },
  });

  test('of a target: created, changed, made narrower, broken, deleted', async () => {
    await cluster.client.createNamespace('changing', { labels: LABELS });
    const { client } = cluster;
    const times = [
      await inForceAfter(
        () => client.create(own(at('a.example.com'))),
        () => areAll('a.example.com'),
      ),
      await inForceAfter(
        () => client.patch(ref, { spec: at('b.example.com') }),
        () => areAll('b.example.com'),
      ),
    ];
    expect(await answer({ app: 'api' })).toEqual([undefined, undefined]);
    times.push(
      await inForceAfter(
        () => client.patch(ref, { spec: { podSelector: { matchLabels: { tier: 'x' } } } }),
        () => areAll(undefined),
      ),
    );
    times.push(
      await inForceAfter(
        () => client.patch(ref, { spec: { podSelector: { matchLabels: { tier: null } } } }),
        () => areAll('b.example.com'),
      ),
    );
    times.push(
      await inForceAfter(
        () => client.delete(ref),
        () => areAll(undefined),
      ),
    );
    console.log(`targets: in force after ${times.map(Math.round).join(', ')} ms`);
    expect(Math.max(...times)).toBeLessThan(IN_FORCE_MS);
  });

  test('of a profile; a generation that is broken leaves the last good one in service', async () => {
    const { client } = cluster;
    await client.create({ ...own(at('c.example.com')) });
    await waitFor('the target', () => areAll('c.example.com'));
    const profile = { kind: 'AgentProfile', name: 'jennifer-dotnet' };
    const document = documents.find(({ metadata }) => metadata.name === 'jennifer-dotnet');
    const { environment } = (document?.['spec'] ?? {}) as { environment: { name: string }[] };
    const marked = (value: string): JsonObject => ({
      spec: { environment: [...environment, { name: 'MARK', value }] },
    });
    const isMarked = async (value: string): Promise<boolean> =>
      (await answersOfEach('changing', 'MARK', { app: 'web' })).every((one) => one === value);
    const times = [
      await inForceAfter(
        () => client.patch(profile, marked('one')),
        () => isMarked('one'),
      ),
      await inForceAfter(
        () => client.patch(profile, marked('two')),
        () => isMarked('two'),
      ),
    ];
    console.log(`profiles: in force after ${times.map(Math.round).join(', ')} ms`);
    expect(Math.max(...times)).toBeLessThan(IN_FORCE_MS);
    // The definition cannot say that no such parameter is declared.
    await client.patch(profile, marked('${nothing}'));
    await waitFor('the error in both logs', async () =>
      messagesOfEach('the last sound generation stays in service').every((count) => count === 1),
    );
    expect(await isMarked('two')).toBe(true);
    await client.patch(profile, marked('three'));
    await waitFor('the mended profile', () => isMarked('three'));
  });
});

test('explain says which target has decided, and which lost; audit knows the profiles of the cluster', async () => {
  const { client, controlPlane } = cluster;
  const command = async (...args: readonly string[]): Promise<JsonObject> => {
    const { stdout, stderr } = await run([
      ...args,
      '-n',
      'changing',
      '-o',
      'json',
      '--kubeconfig',
      controlPlane.kubeconfigPath,
    ]);
    expect(stderr).toBe('');
    return JSON.parse(stdout) as JsonObject;
  };
  await client.create({
    apiVersion: API_VERSION,
    kind: 'ClusterAgentTarget',
    metadata: { name: 'rest' },
    spec: {
      profile: 'jennifer-java',
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'changing' } },
    },
  });
  const { object } = await client.create<Pod>(podOf('changing', 'explained', { labels: { app: 'web' } }));
  expect(recordOf(object)).toMatchObject({ containers: [{ target: 'AgentTarget changing/own' }] });
  const { explained } = await command('explain', 'pod/explained');
  expect(explained).toMatchObject([
    {
      decision: {
        targets: [
          { target: 'AgentTarget changing/own', profile: 'jennifer-dotnet' },
          { target: 'ClusterAgentTarget rest', profile: 'jennifer-java', lostTo: 'AgentTarget changing/own' },
        ],
      },
    },
  ]);
  // The profile is another than the built-in one of its name, and the pod has it.
  const { carrying, findings } = await command('audit');
  const kinds = (findings as readonly { kind: string }[]).map(({ kind }) => kind);
  // There is no claim with the files of the agent.
  expect({ carrying, kinds }).toEqual({ carrying: 1, kinds: ['claim-missing'] });
});

test('CRDs that are deleted take what they say with them: the built-in profiles serve again, and each replica says so once', async () => {
  const { client } = cluster;
  const annotated = await created('annotated-jennifer-java', read('jennifer-java', 'pod.yaml'));
  for (const plural of Object.values(RESOURCES))
    await client.delete({ kind: 'CustomResourceDefinition', name: `${plural}.agent-injector.io` });
  await waitFor('both replicas to fall back', async () => {
    const counts = await Promise.all(
      cluster.replicas.map((one) => one.metric('agent_injector_profiles', '{state="user"}')),
    );
    return counts.every((count) => count === 0);
  });
  await waitFor('no target', async () =>
    (await answersOfEach('changing', 'ARIES_SERVER_ADDRESS', { app: 'web' })).every((one) => one === undefined),
  );
  const after = await created('annotated-jennifer-java', read('jennifer-java', 'pod.yaml'));
  expect(comparable(after)).toEqual(comparable(annotated));
  await waitFor('the line in both logs', async () => messagesOfEach('no longer installed').every((count) => count > 0));
  expect(messagesOfEach('no longer installed')).toEqual([1, 1]);
  for (const replica of cluster.replicas) expect((await replica.ask('/readyz')).status).toBe(200);
});
