import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../support/client.ts';
import { startReplicatedCluster, type ReplicatedCluster } from '../support/replicated-cluster.ts';
import { injects, issuedFlags, secretOf, startLoad, type Replica } from '../support/replicas.ts';
import { waitFor } from '../support/wait-for.ts';

// Certificates that live for seconds: months of renewals in two minutes. Required pods are made all the while, so that a call that fails is
// a pod that is refused.

const LEAVES = 40;
const AUTHORITIES = 5;
// A leaf is renewed after 4 s, and has 2 s left then; an authority after 24 s.
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

test(`${LEAVES} rotations of the leaf and ${AUTHORITIES} of the CA under load fail no admission`, async () => {
  const [one] = replicas;
  if (!one) throw new Error('no replica');
  const authorities = new Set<string>();
  // The API server keeps 25 idle connections; of more calls at once, some open a connection each time.
  const load = startLoad(client, 32);
  const started = performance.now();
  const most = await waitFor(
    'the rotations',
    async () => {
      const bundle = (await secretOf(client))?.['ca.crt'] ?? '';
      for (const block of bundle.split(/(?<=-----END CERTIFICATE-----\n)/)) authorities.add(block);
      const leaves = await one.metric('agent_injector_certificate_renewals_total', '{kind="leaf"}');
      expect(load.failures()).toEqual([]);
      return leaves >= LEAVES && authorities.size > AUTHORITIES && leaves;
    },
    {
      deadline: 400_000,
      interval: 200,
      hopeless: () => (load.failures().length > 0 ? new Error(load.failures()[0]) : undefined),
    },
  );
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(
    `${most} leaves, ${authorities.size - 1} new authorities in ${seconds} s; ` +
      `${load.made()} pods over ${cluster.balancer.connections()} connections`,
  );
  expect(await load.end()).toEqual([]);
  // Each authority comes and goes by one write, and no replica takes back what another has written. One or two may be under way.
  const repairs = await Promise.all(replicas.map((each) => each.metric('agent_injector_ca_bundle_repairs_total')));
  const sum = repairs.reduce((all, some) => all + some, 0);
  console.log(`caBundle was written ${sum} times`);
  expect(sum).toBeLessThanOrEqual(2 * authorities.size + 1);
}, 500_000);

test('replicas that were paused until every certificate expired recover within a minute', async () => {
  for (const replica of replicas) replica.process.signal('SIGSTOP');
  const expiry = Date.now() + 37_000;
  await waitFor('the authority to expire', () => Date.now() > expiry, { deadline: 60_000 });
  await expect(injects(client)).rejects.toThrow('failed calling webhook');
  for (const replica of replicas) replica.process.signal('SIGCONT');
  const woken = performance.now();
  await waitFor('a pod with the agent', () => injects(client), { deadline: 60_000 });
  const took = performance.now() - woken;
  console.log(`back after ${Math.round(took)} ms`);
  expect(took).toBeLessThan(60_000);
  for (const replica of replicas) await replica.ready();
});
