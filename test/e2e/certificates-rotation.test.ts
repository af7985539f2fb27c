import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../support/client.ts';
import { startReplicatedCluster, type ReplicatedCluster } from '../support/replicated-cluster.ts';
import { injects, issuedFlags, pathsOf, secretOf, startLoad, type Replica } from '../support/replicas.ts';
import { waitFor } from '../support/wait-for.ts';

// Certificates with a lifetime of seconds, so that two minutes have as many renewals as months, and as many secrets in the paths of the webhook. Pods that require injection are created
// meanwhile: each failed call refuses one.

const LEAVES = 40;
const CAS = 5;
// Two thirds of a lifetime: a leaf is renewed after 4 s, with 2 s left, and a CA after 24 s.
const flags = { ...issuedFlags, 'leaf-lifetime': '6s', 'ca-lifetime': '36s' };

let cluster: ReplicatedCluster;
let client: Client;
let replicas: readonly Replica[];

beforeAll(async () => {
  cluster = await startReplicatedCluster();
  ({ client, replicas } = cluster);
  await cluster.createConfiguration();
  for (let index = 0; index < 2; index += 1) await (await cluster.startReplica({ flags })).ready();
  cluster.balancer.to(replicas);
});
afterAll(() => cluster?.stop());

test(`${LEAVES} rotations of the leaf and ${CAS} of the CA under load fail no admission`, async () => {
  const [replica] = replicas;
  if (!replica) throw new Error('no replica');
  const cas = new Set<string>();
  const paths = new Set<string | undefined>();
  // More than the 25 idle connections that the API server keeps, so that some calls open a new one.
  const load = startLoad(client, 32);
  const started = performance.now();
  const renewals = await waitFor(
    'the rotations',
    async () => {
      const bundle = (await secretOf(client))?.['ca.crt'] ?? '';
      for (const block of bundle.split(/(?<=-----END CERTIFICATE-----\n)/)) cas.add(block);
      for (const path of await pathsOf(client)) paths.add(path);
      const leaves = await replica.metric('agent_injector_certificate_renewals_total', '{kind="leaf"}');
      expect(load.failures()).toEqual([]);
      return leaves >= LEAVES && cas.size > CAS && leaves;
    },
    {
      deadline: 400_000,
      interval: 200,
      hopeless: () => (load.failures().length > 0 ? new Error(load.failures()[0]) : undefined),
    },
  );
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(
    `${renewals} leaves, ${cas.size - 1} new CAs, ${paths.size} paths in ${seconds} s; ` +
      `${load.made()} pods over ${cluster.balancer.connections()} connections`,
  );
  expect(await load.end()).toEqual([]);
  // Each certificate has its secret, and there are two kinds of paths; on a slow machine, some are not seen before they are replaced.
  expect(paths.size).toBeGreaterThan(LEAVES / 2);
  // Two writes for each CA, one to add and one to remove it: no replica reverts a write of another.
  const repairs = await Promise.all(replicas.map((one) => one.metric('agent_injector_ca_bundle_repairs_total')));
  const sum = repairs.reduce((total, count) => total + count, 0);
  console.log(`caBundle was written ${sum} times`);
  expect(sum).toBeLessThanOrEqual(2 * cas.size + 1);
}, 500_000);

test('replicas that were paused until every certificate expired recover within a minute', async () => {
  for (const replica of replicas) replica.process.signal('SIGSTOP');
  const expiry = Date.now() + 37_000;
  await waitFor('the CA to expire', () => Date.now() > expiry, { deadline: 60_000 });
  await expect(injects(client)).rejects.toThrow('failed calling webhook');
  for (const replica of replicas) replica.process.signal('SIGCONT');
  const resumed = performance.now();
  await waitFor('a pod with the agent', () => injects(client), { deadline: 60_000 });
  const took = performance.now() - resumed;
  console.log(`recovered after ${Math.round(took)} ms`);
  expect(took).toBeLessThan(60_000);
  for (const replica of replicas) await replica.ready();
});
