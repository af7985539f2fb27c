import { createPrivateKey, X509Certificate } from 'node:crypto';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DAY, HOUR, shift } from '../../src/certificates/describe.ts';
import { issueAuthority, issueLeaf } from '../../src/certificates/issue.ts';
import { isTrusted } from '../../src/certificates/server-certificate.ts';
import { composeCertificate } from '../../src/certificates/x509/certificate.ts';
import { objectsIn } from '../../src/lib/json.ts';
import type { Client } from '../support/client.ts';
import { startReplicatedCluster, type ReplicatedCluster } from '../support/replicated-cluster.ts';
import {
  CONFIGURATION,
  EMPTY_DATA,
  publishedBy,
  SECRET,
  secretOf,
  servedSerial,
  SERVERNAME,
  startLoad,
  writes,
  type Replica,
} from '../support/replicas.ts';
import { waitFor } from '../support/wait-for.ts';

// There is no leader election: replicas that start at the same time must agree on one certificate.

const ROUNDS = process.env['E2E_LONG'] === '1' ? 20 : 3;
const REPLICAS = 5;

let cluster: ReplicatedCluster;
let client: Client;
beforeAll(async () => {
  cluster = await startReplicatedCluster();
  ({ client } = cluster);
});
afterAll(() => cluster?.stop());

async function startReady(): Promise<Replica> {
  const replica = await cluster.startReplica();
  await replica.ready();
  return replica;
}

test(
  `${REPLICAS} replicas that start together create one CA, in each of ${ROUNDS} rounds`,
  async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await cluster.createConfiguration();
      const before = await writes(client, 'PUT', 'secrets');
      const started = performance.now();
      const replicas = await Promise.all(Array.from({ length: REPLICAS }, () => cluster.startReplica()));
      await Promise.all(replicas.map((replica) => replica.ready()));
      console.log(`${REPLICAS} replicas ready after ${Math.round(performance.now() - started)} ms`);
      const secret = (await secretOf(client)) ?? {};
      expect(secret['ca.crt']?.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
      expect(new Set(await publishedBy(client))).toEqual(new Set([secret['ca.crt']]));
      const leaf = new X509Certificate(secret['tls.crt'] ?? '').serialNumber;
      const served = await Promise.all(replicas.map((replica) => servedSerial(replica, secret['ca.crt'] ?? '')));
      expect(new Set(served)).toEqual(new Set([leaf]));
      expect((await writes(client, 'PUT', 'secrets')) - before).toBe(1);
      await Promise.all(replicas.map((replica) => replica.stop()));
      await client.patch(SECRET, EMPTY_DATA);
      await client.delete(CONFIGURATION);
    }
  },
  ROUNDS * 60_000,
);

test('a replica that finds an empty Secret keeps the published CA trusted', async () => {
  await cluster.createConfiguration();
  const first = await startReady();
  const [before = ''] = await publishedBy(client);
  await first.stop();
  await client.patch(SECRET, EMPTY_DATA);
  const second = await startReady();
  const [after = ''] = await publishedBy(client);
  expect(after.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(after).toContain(before.trim());
  await second.stop();
});

test('a CA of an earlier version, which may sign for any name, is replaced after an upgrade without a failed admission', async () => {
  await client.delete(CONFIGURATION);
  await cluster.createConfiguration();
  const at = new Date();
  const [lifetime, leafLifetime] = [365 * DAY, 7 * DAY];
  const { key } = await issueAuthority('old', [SERVERNAME], { at, lifetime });
  const keys = createPrivateKey(key);
  const facts = { subject: 'old', key: keys, names: [], notBefore: shift(at, -HOUR), notAfter: shift(at, lifetime) };
  const cert = await composeCertificate({ role: 'authority', ...facts }, { key: keys });
  const names = [SERVERNAME, `${SERVERNAME}.cluster.local`, SERVERNAME.replace('.svc', '')] as const;
  const leaf = await issueLeaf({ cert, key }, names, { at, lifetime: leafLifetime });
  const data = { 'tls.crt': leaf.cert, 'tls.key': leaf.key, 'ca.crt': cert, 'ca.key': key };
  await client.patch(SECRET, EMPTY_DATA);
  await client.patch(SECRET, { stringData: data });
  const replicas = [await startReady(), await startReady()];
  cluster.balancer.to(replicas);
  const load = startLoad(client, 8);
  await waitFor(
    'a certificate of another CA',
    async () => !isTrusted((await secretOf(client))?.['tls.crt'] ?? '', cert, new Date()),
    { deadline: 60_000 },
  );
  await waitFor('both replicas to serve it', async () => {
    const { 'tls.crt': made = '', 'ca.crt': bundle = '' } = (await secretOf(client)) ?? {};
    const { serialNumber } = new X509Certificate(made);
    const served = await Promise.all(replicas.map((replica) => servedSerial(replica, bundle)));
    return served.every((serial) => serial === serialNumber);
  });
  expect(await load.end()).toEqual([]);
  for (const replica of replicas) {
    expect(await replica.metric('agent_injector_foreign_ca_certificates')).toBe(0);
    await replica.stop();
  }
}, 120_000);

/** The commands of the page while no replica runs. */
function leakedKeySteps(): string {
  const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const block = page.match(/^```sh\n[\s\S]*?^```$/gm)?.find((one) => one.includes('"data": null')) ?? '';
  const lines = block.split('\n').slice(1, -1);
  return lines
    .filter((line) => !/ (?:scale deployment|wait) /.test(line))
    .join('\n')
    .replaceAll('-n agent-injector ', `-n ${SECRET.namespace} `)
    .replaceAll('zz-agent-injector', CONFIGURATION.name);
}

test('the steps for a leaked key in docs/operations.md leave no trust in the old CA, however many entries there are', async ({
  skip,
}) => {
  skip(spawnSync('kubectl', ['version', '--client']).error !== undefined, 'kubectl is not installed');
  await client.patch(SECRET, EMPTY_DATA);
  await client.delete(CONFIGURATION);
  await cluster.createConfiguration();
  const [one = {}] = objectsIn((await client.get(CONFIGURATION)) ?? {}, 'webhooks');
  const added = ['required-opt-outs', 'workloads'].map((name) => ({
    op: 'add',
    path: '/webhooks/-',
    value: { ...one, name: `${name}.agent-injector.io` },
  }));
  await client.patch(CONFIGURATION, added, { type: 'json' });
  const first = await startReady();
  const before = await publishedBy(client);
  expect(before).toHaveLength(5);
  const [leaked = ''] = before;
  await first.stop();
  execFileSync('bash', ['-euc', leakedKeySteps()], {
    env: { ...process.env, KUBECONFIG: cluster.controlPlane.kubeconfigPath },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  expect(await secretOf(client)).toEqual({});
  const second = await startReady();
  const published = await publishedBy(client);
  expect(published).toHaveLength(before.length);
  for (const bundle of published) {
    expect(bundle.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
    expect(bundle).not.toContain(leaked.trim());
  }
  await second.stop();
});
