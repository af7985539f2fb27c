import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../support/client.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import {
  configuration,
  CONFIGURATION,
  prepare,
  publishedBy,
  SECRET,
  secretOf,
  SERVERNAME,
  startReplica,
  writes,
  type Replica,
} from '../support/replicas.ts';

// There is no leader: replicas that start at the same moment agree all the same.

const ROUNDS = process.env['E2E_LONG'] === '1' ? 20 : 3;
const PROCESSES = 5;

let controlPlane: ControlPlane;
let client: Client;
beforeAll(async () => {
  controlPlane = await startControlPlane();
  ({ client } = controlPlane);
  await prepare(client, 1);
});
afterAll(() => controlPlane?.stop());

test(
  `${PROCESSES} replicas that start together create one CA, in each of ${ROUNDS} rounds`,
  async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await client.create(configuration(1));
      const before = await writes(client, 'POST', 'secrets');
      const started = performance.now();
      const replicas = await Promise.all(
        Array.from({ length: PROCESSES }, async () => startReplica({ kubeconfigPath: controlPlane.kubeconfigPath })),
      );
      await Promise.all(replicas.map((replica) => replica.ready()));
      console.log(`${PROCESSES} processes ready after ${Math.round(performance.now() - started)} ms`);
      const secret = (await secretOf(client)) ?? {};
      expect(secret['ca.crt']?.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
      expect(new Set(await publishedBy(client))).toEqual(new Set([secret['ca.crt']]));
      const leaf = new X509Certificate(secret['tls.crt'] ?? '').serialNumber;
      const served = await Promise.all(replicas.map((replica) => serialOf(replica, secret['ca.crt'] ?? '')));
      expect(new Set(served)).toEqual(new Set([leaf]));
      expect((await writes(client, 'POST', 'secrets')) - before).toBe(1);
      await Promise.all(replicas.map((replica) => replica.stop()));
      await client.delete(SECRET);
      await client.delete(CONFIGURATION);
    }
  },
  ROUNDS * 60_000,
);

test('a replica that finds no Secret keeps the published CA trusted', async () => {
  await client.create(configuration(1));
  const first = await startReplica({ kubeconfigPath: controlPlane.kubeconfigPath });
  await first.ready();
  const [before = ''] = await publishedBy(client);
  await first.stop();
  await client.delete(SECRET);
  const second = await startReplica({ kubeconfigPath: controlPlane.kubeconfigPath });
  await second.ready();
  const [after = ''] = await publishedBy(client);
  expect(after.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(after).toContain(before.trim());
  await second.stop();
});

test('the steps for a leaked key in docs/operations.md leave no trust in the old CA', async () => {
  const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const patch = JSON.parse(/--type=json -p '(\[[^']+\])'/.exec(page)?.[1] ?? '') as unknown[];
  await client.delete(SECRET);
  await client.delete(CONFIGURATION);
  await client.create(configuration(1));
  const first = await startReplica({ kubeconfigPath: controlPlane.kubeconfigPath });
  await first.ready();
  const [leaked = ''] = await publishedBy(client);
  await first.stop();
  await client.delete(SECRET);
  await client.patch(CONFIGURATION, patch, { type: 'json' });
  const second = await startReplica({ kubeconfigPath: controlPlane.kubeconfigPath });
  await second.ready();
  const published = await publishedBy(client);
  expect(published).toHaveLength(patch.length);
  for (const bundle of published) {
    expect(bundle.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
    expect(bundle).not.toContain(leaked.trim());
  }
  await second.stop();
});

/** Of the certificate that it serves to a caller who trusts these authorities. */
async function serialOf({ port }: Replica, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca, servername: SERVERNAME });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber ?? '');
      socket.destroy();
    });
  });
}
