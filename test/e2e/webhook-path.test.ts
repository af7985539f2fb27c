import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY } from '../../src/certificates/describe.ts';
import { issueLeaf } from '../../src/certificates/issue.ts';
import { chart } from '../support/chart.ts';
import { Client } from '../support/client.ts';
import { helm, run } from '../support/deploy-tools.ts';
import { startReplicatedCluster, type ReplicatedCluster } from '../support/replicated-cluster.ts';
import { CONFIGURATION, injects, pathsOf, SECRET, secretOf, startLoad, type Replica } from '../support/replicas.ts';
import { waitFor } from '../support/wait-for.ts';

// Two replicas put a secret into the paths of the webhook entries. Pods that require injection are created meanwhile: each failed call refuses one.

const PLAIN = ['/mutate', '/mutate/required', '/mutate/required'];
const ANNOTATION = 'agent-injector.io/webhook-path';

let cluster: ReplicatedCluster;
let client: Client;
let replicas: readonly Replica[];

beforeAll(async () => {
  cluster = await startReplicatedCluster();
  ({ client, replicas } = cluster);
});
afterAll(() => cluster?.stop());

/** The secret in the paths; undefined while they are not those of one secret. */
async function publishedSecret(): Promise<string | undefined> {
  const paths = await pathsOf(client);
  const secret = /^\/mutate\/([a-z0-9]{26,63})$/.exec(paths[0] ?? '')?.[1];
  return paths.join() === PLAIN.map((path) => `${path}/${secret}`).join() ? secret : undefined;
}

/** Status of the answer of a replica to a pod of the cluster. */
async function statusOf(replica: Replica, path: string): Promise<number> {
  const ca = (await secretOf(client))?.['ca.crt'] ?? '';
  const url = `https://127.0.0.1:${replica.port}`;
  const webhook = new Client({ url, ca, token: '', servername: 'agent-injector.apm.svc' });
  return (await webhook.request('POST', path, { no: 'review' })).status;
}

const statuses = (path: string): Promise<readonly number[]> =>
  Promise.all(replicas.map((replica) => statusOf(replica, path)));

/** Waits for what a change leads to, while pods are created that none of them may be lost of. */
async function underLoad<T>(change: () => Promise<unknown>, wait: () => Promise<T>): Promise<T> {
  const load = startLoad(client, 4);
  await change();
  const result = await wait();
  const made = load.made();
  await waitFor('more pods', () => load.made() > made + 20, { deadline: 60_000 });
  expect(await load.end()).toEqual([]);
  console.log(`${load.made()} pods`);
  return result;
}

const setPaths = (paths: readonly string[]): Promise<unknown> =>
  client.patch(
    CONFIGURATION,
    paths.map((value, index) => ({ op: 'add', path: `/webhooks/${index}/clientConfig/service/path`, value })),
    { type: 'json' },
  );

const newSecret = (before: string | undefined): Promise<string> =>
  waitFor('another secret in the paths', async () => {
    const secret = await publishedSecret();
    return secret !== before && secret;
  });

test('a new installation has one secret of both replicas, and answers no other path', async () => {
  await cluster.createConfiguration();
  const first = await cluster.startReplica();
  cluster.balancer.to(replicas);
  await waitFor('a pod with the agent', () => injects(client), { interval: 20 });
  const second = await cluster.startReplica();
  await Promise.all([first.ready(), second.ready()]);
  cluster.balancer.to(replicas);
  const secret = await publishedSecret();
  expect(secret).toBeDefined();
  for (const path of PLAIN) {
    expect(await statuses(path)).toEqual([404, 404]);
    expect(await statuses(`${path}/${'0'.repeat(32)}`)).toEqual([404, 404]);
    // Found, but not a review.
    expect(await statuses(`${path}/${secret}`)).toEqual([400, 400]);
  }
  expect(await injects(client, 'open')).toBe(true);
  expect(await injects(client, 'closed')).toBe(true);
  for (const replica of replicas) {
    expect(await replica.metric('agent_injector_webhook_drift', '{field="clientConfig"}')).toBe(0);
    expect(await replica.metric('agent_injector_bad_requests_total', '{status="404"}')).toBe(6);
    expect(replica.messages().filter((message) => message.includes('404'))).toHaveLength(1);
  }
});

test('plain paths that another writer puts there are replaced, and stay open for a while, without a failed admission', async () => {
  const before = await publishedSecret();
  await underLoad(
    () => setPaths(PLAIN),
    () => newSecret(undefined),
  );
  expect(await publishedSecret()).toBe(before);
  expect(await statuses('/mutate')).toEqual([400, 400]);
});

test('another certificate in the Secret brings another secret, without a failed admission', async () => {
  const before = await publishedSecret();
  const { 'ca.crt': cert = '', 'ca.key': key = '' } = (await secretOf(client)) ?? {};
  const names = ['agent-injector.apm.svc', 'agent-injector.apm.svc.cluster.local', 'agent-injector.apm'] as const;
  const leaf = await issueLeaf({ cert, key }, names, { at: new Date(), lifetime: 7 * DAY });
  const data = { 'tls.crt': leaf.cert, 'tls.key': leaf.key };
  const encoded = Object.entries(data).map(([name, text]) => [name, Buffer.from(text).toString('base64')]);
  const secret = await underLoad(
    () => client.patch(SECRET, { data: Object.fromEntries(encoded) }),
    () => newSecret(before),
  );
  expect(await statuses(`/mutate/${secret}`)).toEqual([400, 400]);
  expect(await statuses(`/mutate/${before}`)).toEqual([400, 400]);
});

test('the annotation switches the secret off and on, without a failed admission', async () => {
  const secret = await publishedSecret();
  const annotate = (value: string | null) =>
    client.patch(CONFIGURATION, { metadata: { annotations: { [ANNOTATION]: value } } });
  await underLoad(
    () => annotate(null),
    () => waitFor('plain paths', async () => (await pathsOf(client)).join() === PLAIN.join()),
  );
  expect(await statuses('/mutate/required')).toEqual([400, 400]);
  await underLoad(
    () => annotate('secret'),
    () => newSecret(undefined),
  );
  expect(await publishedSecret()).toBe(secret);
});

test.each(['view', 'edit', 'admin'])('a user with the role %s of the cluster may not read the paths', async (role) => {
  const user = `${role}-user`;
  await client.create({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: user },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  });
  const may = async (group: string, resource: string): Promise<unknown> => {
    const { body } = await client.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user, resourceAttributes: { verb: 'list', group, resource } },
    });
    return (body as { status: { allowed: boolean } }).status.allowed;
  };
  await waitFor('the role', async () => (await may('', 'pods')) === true);
  expect(await may('admissionregistration.k8s.io', 'mutatingwebhookconfigurations')).toBe(false);
});

test('the secret is in no log', async () => {
  const secret = (await publishedSecret()) ?? '';
  for (const replica of replicas) {
    expect(replica.process.log()).toContain('wrote ');
    expect(replica.process.log()).not.toContain(secret);
    expect((await replica.ask('/metrics')).text).not.toContain(secret);
  }
});

describe.skipIf(helm === undefined)('Helm', () => {
  const configuration = { kind: 'MutatingWebhookConfiguration', name: 'zz-paths-agent-injector' };
  const upgrade = (...args: readonly string[]): void => {
    const options = ['--namespace', 'paths', '--create-namespace', '--kubeconfig', cluster.controlPlane.kubeconfigPath];
    const { code, stderr } = run(helm ?? '', [
      'upgrade',
      '--install',
      '--reset-values',
      'paths',
      chart,
      ...options,
      // The configuration of the other tests stands beside it.
      '--set=installChecks=false',
      ...args,
    ]);
    if (code !== 0) throw new Error(stderr);
  };
  const state = async (): Promise<readonly unknown[]> => {
    const { metadata, webhooks } = await client.get<{
      metadata: { annotations?: Record<string, string> };
      webhooks: { clientConfig: { caBundle?: string; service: { path?: string } } }[];
    }>(configuration);
    const clientConfig = webhooks[0]?.clientConfig;
    return [metadata?.annotations?.[ANNOTATION], clientConfig?.service.path, clientConfig?.caBundle];
  };

  test('does not touch what the server wrote, in any of its upgrades', async () => {
    upgrade();
    expect(await state()).toEqual(['secret', undefined, undefined]);
    const path = `/mutate/${'a'.repeat(32)}`;
    await client.patch(
      configuration,
      [
        { op: 'add', path: '/webhooks/0/clientConfig/service/path', value: path },
        { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: 'eA==' },
      ],
      { type: 'json' },
    );
    upgrade('--set', 'logLevel=debug', '--set', 'webhook.timeoutSeconds=3');
    expect(await state()).toEqual(['secret', path, 'eA==']);
    upgrade('--set', 'webhook.path=plain');
    expect(await state()).toEqual([undefined, path, 'eA==']);
    upgrade();
    expect(await state()).toEqual(['secret', path, 'eA==']);
  });

  test('writes the plain path for the other sources of certificates, and leaves it to the server again', async () => {
    const source = ['--set', 'certificates.source=existingSecret', '--set', 'certificates.existingSecret.name=tls'];
    upgrade(...source);
    expect(await state()).toEqual([undefined, '/mutate', 'eA==']);
    upgrade(...source, '--set', 'logLevel=debug');
    expect(await state()).toEqual([undefined, '/mutate', 'eA==']);
    upgrade();
    // It can be called until the server has written another.
    expect(await state()).toEqual(['secret', '/mutate', 'eA==']);
  });
});
