import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import builtIn from '../../src/agents/*.yaml';
import { isObject, type JsonObject, objectIn, objectsIn } from '../../src/lib/json.ts';
import { definitions } from '../../tools/crds/crds.ts';
import type { Client, KubeObject } from '../support/client.ts';
import { startObserver } from '../support/observer.ts';
import { type ReplicatedCluster, startReplicatedCluster } from '../support/replicated-cluster.ts';
import { issuedFlags, NAME, NAMESPACE } from '../support/replicas.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Ref } from './kinds.ts';

// The status of AgentProfiles and targets, with two replicas and an observer as the chart installs them.

const API_VERSION = 'agent-injector.io/v1alpha1';
const LEASE = { kind: 'Lease', namespace: NAMESPACE, name: `${NAME}-status` } as const;
const flags = { ...issuedFlags, lease: `${LEASE.namespace}/${LEASE.name}` };
/** A silence in which nothing may be written. */
const IDLE_MS = process.env['E2E_LONG'] === '1' ? 300_000 : 40_000;
const FAILOVER_MS = 20_000;

let cluster: ReplicatedCluster;
let client: Client;

beforeAll(async () => {
  cluster = await startReplicatedCluster();
  ({ client } = cluster);
  await cluster.createConfiguration('plain');
  for (let count = 0; count < 2; count += 1) {
    const replica = await cluster.startReplica({ flags });
    await replica.ready();
  }
  await cluster.balancer.follow(cluster.replicas);
});
afterAll(() => cluster?.stop());

const builtInSpec = (name: string): JsonObject => {
  const found = (builtIn as (KubeObject & JsonObject)[]).find(({ metadata }) => metadata?.name === name);
  return objectIn(found, 'spec');
};

/** As `kubectl apply --server-side`: creates or changes. */
async function apply(object: KubeObject & { readonly kind: string }): Promise<void> {
  const { kind, metadata } = object;
  const ref = { kind, namespace: metadata?.namespace, name: metadata?.name };
  const found = await client.find(ref);
  if (found)
    await client.replace({
      ...object,
      metadata: { ...metadata, resourceVersion: found.metadata?.resourceVersion ?? '' },
    });
  else await client.create(object);
}

const profile = (spec: JsonObject, name = 'mine'): KubeObject & { readonly kind: string } => ({
  apiVersion: API_VERSION,
  kind: 'AgentProfile',
  metadata: { name },
  spec,
});

const target = (name: string, spec: JsonObject, namespace = 'shop'): KubeObject & { readonly kind: string } => ({
  apiVersion: API_VERSION,
  kind: 'AgentTarget',
  metadata: { name, namespace },
  spec,
});

interface Condition extends JsonObject {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

async function statusOf(ref: Ref): Promise<JsonObject> {
  const object: unknown = await client.get(ref);
  return objectIn(isObject(object) ? object : {}, 'status');
}

async function conditionsOf(ref: Ref): Promise<Readonly<Record<string, string>>> {
  const conditions = objectsIn(await statusOf(ref), 'conditions') as readonly Condition[];
  return Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
}

async function untilConditions(ref: Ref, expected: Readonly<Record<string, string>>, deadline = 15_000): Promise<void> {
  await waitFor(
    `${ref.kind} ${ref.name} to say ${JSON.stringify(expected)}`,
    async () => {
      const found = await conditionsOf(ref);
      if (Object.entries(expected).every(([type, text]) => found[type] === text)) return true;
      throw new Error(JSON.stringify(await statusOf(ref)));
    },
    { deadline },
  );
}

const mine = { kind: 'AgentProfile', name: 'mine' } as const;

test('definitions that are installed later are noticed, and a profile gets its status', async () => {
  for (const plural of definitions().keys())
    await client.create(
      parse(readFileSync(join(import.meta.dirname, `../../deploy/crds/${plural}.yaml`), 'utf8')) as KubeObject,
    );
  await client.createNamespace('shop');
  await waitFor(
    'the API server to serve the kinds',
    async () => (await client.request('GET', `/apis/${API_VERSION}/agentprofiles`)).status === 200,
  );
  await apply(profile({ derived: { extends: 'jennifer-dotnet', description: 'ours' } }));
  await untilConditions(mine, { Accepted: 'True Valid', Ready: 'True InService' }, 60_000);
  expect(await statusOf(mine)).toMatchObject({
    observedGeneration: 1,
    vendor: builtInSpec('jennifer-dotnet')['vendor'],
    hash: expect.stringMatching(/^[0-9a-f]{8}$/),
  });
}, 90_000);

test('a generation with errors says what is wrong, and that the last good one is kept', async () => {
  const before = await statusOf(mine);
  await apply(profile({ derived: { extends: 'jennifer-dotnet', description: 'ours', slots: ['no-such-slot'] } }));
  await untilConditions(mine, { Accepted: 'False Invalid', Ready: 'False KeptLastGood' });
  const status = await statusOf(mine);
  expect(status).toMatchObject({ observedGeneration: 2, hash: before['hash'] });
  const [accepted] = objectsIn(status, 'conditions') as readonly Condition[];
  expect(accepted?.message).toContain('no-such-slot');
  await apply(profile({ derived: { extends: 'jennifer-dotnet', description: 'ours' } }));
  await untilConditions(mine, { Accepted: 'True Valid', Ready: 'True InService' });
});

test('where the entry of the webhook is there, errors are refused as lint says them, and what has them can still be deleted', async () => {
  const configuration = { kind: 'MutatingWebhookConfiguration', name: NAME } as const;
  const { webhooks } = await client.get<{ webhooks: readonly JsonObject[] }>(configuration);
  const { namespaceSelector: _namespaces, objectSelector: _objects, ...enabled } = webhooks[0] ?? {};
  const rules = [
    {
      apiGroups: ['agent-injector.io'],
      apiVersions: ['v1alpha1'],
      operations: ['CREATE', 'UPDATE'],
      resources: ['agentprofiles', 'agenttargets'],
      scope: '*',
    },
  ];
  await client.patch(configuration, {
    webhooks: [...webhooks, { ...enabled, name: 'resources.agent-injector.io', rules }],
  });
  const broken = profile({ derived: { extends: 'jennifer-dotnet', slots: ['no-such-slot'] } }, 'broken');
  await waitFor('a refusal', async () => {
    const { status, body } = await client.request('POST', `/apis/${API_VERSION}/agentprofiles?dryRun=All`, broken);
    return status === 422 && JSON.stringify(body).includes('spec.slots[0]');
  });
  const { status } = await client.request(
    'POST',
    `/apis/${API_VERSION}/agentprofiles?dryRun=All`,
    profile({ derived: { extends: 'jennifer-dotnet' } }, 'sound'),
  );
  expect(status).toBe(201);
  await client.patch(configuration, { webhooks });
});

test('kubectl get shows it', async () => {
  const reply = await client.table(`/apis/${API_VERSION}/agentprofiles`);
  expect(reply.columns).toEqual([
    'Name',
    'Vendor',
    'Ready',
    'Injected',
    'Outdated',
    'Unhealthy',
    'Age',
    'Hash',
    'Reason',
  ]);
  expect(reply.rows[0]?.slice(0, 3)).toEqual(['mine', builtInSpec('jennifer-dotnet')['vendor'], 'True']);
});

test('a target that is behind another one names it, and one with an unknown profile says so', async () => {
  await apply(target('all', { profile: 'mine' }));
  await untilConditions(
    { kind: 'AgentTarget', namespace: 'shop', name: 'all' },
    { Accepted: 'True Valid', Conflict: 'False NoConflict' },
  );
  await apply(target('web', { profile: 'mine', podSelector: { matchLabels: { app: 'web' } } }));
  await apply(target('other', { profile: 'nobody', podSelector: { matchLabels: { app: 'other' } } }));
  await untilConditions(
    { kind: 'AgentTarget', namespace: 'shop', name: 'web' },
    { Accepted: 'True Valid', Conflict: 'False NoConflict' },
  );
  await untilConditions(
    { kind: 'AgentTarget', namespace: 'shop', name: 'other' },
    { Accepted: 'False UnknownProfile' },
  );
  // It was written a moment ago: the next write is due in half a minute.
  await untilConditions(
    { kind: 'AgentTarget', namespace: 'shop', name: 'all' },
    { Conflict: 'True OtherTargetFirst' },
    45_000,
  );
  const { conditions } = await statusOf({ kind: 'AgentTarget', namespace: 'shop', name: 'all' });
  expect(JSON.stringify(conditions)).toContain('AgentTarget shop/web');
}, 90_000);

/** The resource versions of all that is written. */
async function versions(): Promise<readonly string[]> {
  const all = [...(await client.list({ kind: 'AgentProfile' })), ...(await client.list({ kind: 'AgentTarget' }))];
  return all.map(({ metadata }) => `${metadata?.name} ${metadata?.resourceVersion}`);
}

/** Applied status that the API server has answered, whether it changed something or not. */
async function applied(): Promise<number> {
  const { body } = await client.request('GET', '/metrics');
  let sum = 0;
  for (const [, labels = '', value] of String(body).matchAll(/^apiserver_request_total\{(.*)\} (\d+)$/gm))
    if (labels.includes('group="agent-injector.io"') && labels.includes('subresource="status"')) sum += Number(value);
  return sum;
}

test(
  `in ${IDLE_MS / 1000} s without a change, nothing is written`,
  async () => {
    await waitFor('the writes to end', async () => {
      const before = await applied();
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      return (await applied()) === before;
    });
    const before = { versions: await versions(), applied: await applied() };
    expect(before.applied).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    expect({ versions: await versions(), applied: await applied() }).toEqual(before);
  },
  IDLE_MS + 90_000,
);

test(`when the leader is killed, the status goes on within ${FAILOVER_MS / 1000} s, and nothing is written twice`, async () => {
  const holder = await client.get(LEASE);
  const leader = cluster.replicas.find((replica) =>
    replica.messages().some((message) => message.startsWith('this replica leads')),
  );
  if (!leader) throw new Error(JSON.stringify(holder));
  const before = await versions();
  leader.process.signal('SIGKILL');
  await leader.process.exited;
  const killedAt = Date.now();
  await apply(profile({ derived: { extends: 'jennifer-dotnet', description: 'theirs' } }, 'later'));
  await untilConditions({ kind: 'AgentProfile', name: 'later' }, { Ready: 'True InService' }, FAILOVER_MS);
  console.log(`the status goes on ${Date.now() - killedAt} ms after the leader was killed`);
  expect((await versions()).filter((one) => !one.startsWith('later '))).toEqual(before);
}, 60_000);

test('the observer adds the pods, and neither takes away what the other has written', async () => {
  const observer = await startObserver(cluster.controlPlane.kubeconfigPath);
  onTestFinished(async () => void (await observer.stop()));
  await untilConditions(
    mine,
    { Ready: 'True InService', InUse: 'False NoPods', Degraded: 'False NoneUnhealthy' },
    45_000,
  );
  const { hash } = await statusOf(mine);
  await client.createNamespace('pods');
  const pod = (name: string, version: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'pods',
      labels: { 'agent-injector.io/injected': 'mine' },
      annotations: {
        'agent-injector.io/status': JSON.stringify({
          decision: 'injected',
          containers: [{ container: 'app', profile: 'mine', hash: version, delivery: 'image' }],
        }),
      },
    },
    spec: { containers: [{ name: 'app', image: 'app' }] },
  });
  if (typeof hash !== 'string') throw new Error('no hash');
  await client.create(pod('new', hash));
  await client.create(pod('old', '00000000'));
  await untilConditions(mine, { InUse: 'True PodsInjected' }, 45_000);
  await waitFor(
    'the counts',
    async () => {
      const { pods } = await statusOf(mine);
      if (JSON.stringify(pods) === JSON.stringify({ injected: 2, outdated: 1, unhealthy: 0 })) return true;
      throw new Error(JSON.stringify(pods));
    },
    { deadline: 45_000 },
  );
  expect(await statusOf(mine)).toMatchObject({ hash, observedGeneration: 3 });
  await untilConditions(mine, { Accepted: 'True Valid', Ready: 'True InService' });
}, 150_000);

test('when the definitions are deleted, the server goes on, and says it once', async () => {
  const replica = cluster.replicas.find((one) => one.process.exit() === undefined);
  for (const { metadata } of definitions().values())
    await client.delete({ kind: 'CustomResourceDefinition', name: metadata.name });
  const isAbout = (message: string): boolean => message.includes('no longer installed') && message.includes('status');
  await waitFor('the message', () => replica?.messages().some(isAbout), { deadline: 30_000 });
  expect((await replica?.ask('/readyz'))?.status).toBe(200);
}, 60_000);
