import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY } from '../../src/certificates/describe.ts';
import { issueAuthority, issueLeaf } from '../../src/certificates/issue.ts';
import { certificateBlocks, isTrusted } from '../../src/certificates/server-certificate.ts';
import type { Client } from '../support/client.ts';
import { startReplicatedCluster, type ReplicatedCluster } from '../support/replicated-cluster.ts';
import {
  BUNDLE,
  CONFIGURATION,
  emptySecret,
  injects,
  issuedFlags,
  NAME,
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

// Two replicas issue their certificate and publish its CA in the webhook configuration.

let cluster: ReplicatedCluster;
let client: Client;
let replicas: readonly Replica[];

beforeAll(async () => {
  cluster = await startReplicatedCluster();
  ({ client, replicas } = cluster);
});
afterAll(() => cluster?.stop());

const resourceVersion = async (): Promise<string> =>
  String((await client.get(CONFIGURATION)).metadata?.resourceVersion);

test('the first pod is injected within 5 s of the first start', async () => {
  await cluster.createConfiguration('plain');
  const started = performance.now();
  const first = await cluster.startReplica();
  cluster.balancer.to(replicas);
  await waitFor('a pod with the agent', () => injects(client), { interval: 20 });
  const took = performance.now() - started;
  console.log(`first injected pod after ${Math.round(took)} ms`);
  expect(took).toBeLessThan(5000);
  await first.ready();

  const second = await cluster.startReplica();
  await second.ready();
  cluster.balancer.to(replicas);
  expect(new Set(await publishedBy(client)).size).toBe(1);
  expect((await publishedBy(client))[0]).toBe((await secretOf(client))?.['ca.crt']);
  expect(new X509Certificate((await secretOf(client))?.['tls.crt'] ?? '').subjectAltName).toBe(
    'DNS:agent-injector.apm.svc, DNS:agent-injector.apm.svc.cluster.local, DNS:agent-injector.apm',
  );
});

test('all three webhook entries are called, and a required pod that cannot be injected is refused with the reason', async () => {
  expect(await injects(client, 'open')).toBe(true);
  expect(await injects(client, 'closed')).toBe(true);
  await client.createNamespace('unset', { labels: { 'agent-injector.io/injection': 'enabled' } });
  const pod = (labels: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', namespace: 'unset', labels },
    spec: { containers: [{ name: 'app', image: 'app' }] },
  });
  const { warnings } = await client.create(pod({}), { dryRun: true });
  expect(warnings.join()).toContain('server-address');
  await expect(client.create(pod({ 'agent-injector.io/injection': 'required' }), { dryRun: true })).rejects.toThrow(
    /admission webhook "required-pods\.agent-injector\.io" denied the request: .*server-address/,
  );
});

describe('the Secret', () => {
  /** Changes the Secret under load, and waits until the replicas have written the expected one. */
  async function expectRestored(
    change: (secret: Readonly<Record<string, string>>) => Promise<void>,
    isRestored: (secret: Readonly<Record<string, string>>) => boolean,
    deadline = 15_000,
  ): Promise<void> {
    const before = (await secretOf(client)) ?? {};
    const load = startLoad(client, 4);
    const started = performance.now();
    await change(before);
    await waitFor(
      'the Secret to be restored',
      async () => {
        const secret = await secretOf(client);
        return secret && isRestored(secret);
      },
      { deadline },
    );
    console.log(`restored after ${Math.round(performance.now() - started)} ms, ${load.made()} pods meanwhile`);
    expect(await load.end()).toEqual([]);
    for (const replica of replicas) expect(await replica.ask('/readyz')).toEqual({ status: 200, text: 'ok\n' });
  }
  const put = async (change: Readonly<Record<string, string>>): Promise<void> => {
    const data = Object.fromEntries(
      Object.entries(change).map(([name, value]) => [
        name,
        value === '' ? null : Buffer.from(value).toString('base64'),
      ]),
    );
    await client.patch(SECRET, { data });
  };
  let original: Readonly<Record<string, string>>;
  const isOriginal = (secret: Readonly<Record<string, string>>): boolean => isDeepStrictEqual(secret, original);
  beforeAll(async () => {
    original = (await secretOf(client)) ?? {};
  });

  test('is filled again once it is created again after it was deleted; meanwhile replicas serve, and say what to do', async () => {
    await expectRestored(async () => {
      await client.delete(SECRET);
      for (const replica of replicas) {
        await waitFor('the problem', async () => (await replica.metric('agent_injector_certificate_problem')) === 1);
        expect(replica.messages().join('\n')).toMatch(/Secret apm\/agent-injector-tls does not exist: .*helm upgrade/);
        expect(await injects(client)).toBe(true);
      }
      await client.create(emptySecret());
    }, isOriginal);
    for (const replica of replicas)
      await waitFor('its end', async () => (await replica.metric('agent_injector_certificate_problem')) === 0);
  });

  test('of another type is never used', async () => {
    await expectRestored(async () => {
      await client.delete(SECRET);
      await client.create({ ...emptySecret(), type: 'example.com/other', stringData: { token: 'x' } });
      const [replica] = replicas;
      await waitFor('the problem', () =>
        replica?.messages().some((text) => text.includes('has the type example.com/other')),
      );
      expect(await secretOf(client)).toEqual({ token: 'x' });
      await client.delete(SECRET);
      await client.create(emptySecret());
    }, isOriginal);
  });

  test.each([
    ['invalid values', { 'tls.crt': 'garbage', 'tls.key': 'garbage', 'ca.crt': 'garbage', 'ca.key': 'garbage' }],
    ['no certificate', { 'tls.crt': '' }],
    ['no CA key', { 'ca.key': '' }],
    ['no values', { 'tls.crt': '', 'tls.key': '', 'ca.crt': '', 'ca.key': '' }],
  ])('is restored when it has %s', async (_, change: Readonly<Record<string, string>>) => {
    await expectRestored(() => put(change), isOriginal);
  });

  test('is restored when it has the key of another certificate', async () => {
    const { key } = await issueAuthority('other', [SERVERNAME], { at: new Date(), lifetime: DAY });
    await expectRestored(() => put({ 'tls.key': key }), isOriginal);
  });

  test('is restored when it has an expired certificate', async () => {
    const term = { at: new Date(Date.now() - 2 * DAY), lifetime: DAY };
    const authority = await issueAuthority('old', [SERVERNAME], term);
    const leaf = await issueLeaf(authority, [SERVERNAME], term);
    await expectRestored(
      () => put({ 'tls.crt': leaf.cert, 'tls.key': leaf.key, 'ca.crt': authority.cert, 'ca.key': authority.key }),
      isOriginal,
    );
  });

  test(
    'with a CA that no replica made is used, reported and replaced, without a failed admission',
    { timeout: 120_000 },
    async () => {
      const term = { at: new Date(), lifetime: 36_500 * DAY };
      const names = ['agent-injector.apm.svc', 'agent-injector.apm.svc.cluster.local', 'agent-injector.apm'] as const;
      const authority = await issueAuthority('swapped', names, term);
      const leaf = await issueLeaf(authority, names, term);
      const before = original['ca.crt'] ?? '';
      const isReplaced = (secret: Readonly<Record<string, string>>): boolean => {
        const cas = certificateBlocks(secret['ca.crt'] ?? '');
        const signer = cas.find((ca) => isTrusted(secret['tls.crt'] ?? '', ca, new Date()));
        return signer !== undefined && ![authority.cert, before].includes(signer);
      };
      await expectRestored(
        () => put({ 'tls.crt': leaf.cert, 'tls.key': leaf.key, 'ca.crt': authority.cert, 'ca.key': authority.key }),
        isReplaced,
        60_000,
      );
      const { 'tls.crt': cert = '', 'ca.crt': bundle = '' } = (await secretOf(client)) ?? {};
      const { serialNumber: serial, validTo } = new X509Certificate(cert);
      // Still trusted: another replica may serve what they signed for an hour.
      expect(bundle).toContain(authority.cert);
      expect(bundle).toContain(before.trim());
      for (const replica of replicas) {
        expect(await replica.metric('agent_injector_foreign_ca_certificates')).toBe(1);
        expect(replica.process.log()).toMatch(/"level":"warn".*SHA-256.*no replica made/);
        await waitFor('the new certificate', async () => (await servedSerial(replica, bundle)) === serial);
      }
      expect(new Date(validTo).getTime()).toBeLessThan(Date.now() + 8 * DAY);
      expect(await injects(client)).toBe(true);
    },
  );
});

describe('caBundle', () => {
  test('is repaired within 2 s and by one write, each of 20 times that it was removed', async () => {
    const [expected] = await publishedBy(client);
    const before = await writes(client, 'PATCH', 'mutatingwebhookconfigurations');
    const durations: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const all = round % 2 === 0 ? [0, 1, 2] : [round % 3];
      const patch = all.map((index) => ({ op: 'remove', path: `/webhooks/${index}/clientConfig/caBundle` }));
      const started = performance.now();
      await client.patch(CONFIGURATION, patch, { type: 'json' });
      await waitFor(
        'caBundle to be repaired',
        async () => (await publishedBy(client)).every((bundle) => bundle === expected),
        { interval: 5 },
      );
      durations.push(performance.now() - started);
    }
    console.log(`repaired within ${Math.round(Math.max(...durations))} ms at most`);
    expect(Math.max(...durations)).toBeLessThan(2000);
    // One write of the server for each of the 20 writes of this test.
    expect((await writes(client, 'PATCH', 'mutatingwebhookconfigurations')) - before).toBe(40);
    const repairs = replicas.map((replica) => replica.metric('agent_injector_ca_bundle_repairs_total'));
    console.log(`writes by replica: ${(await Promise.all(repairs)).join(', ')}`);
    expect(await injects(client)).toBe(true);
  });

  test('is the only field that the server writes and owns', async () => {
    const { metadata } = await client.get(CONFIGURATION);
    const managed = metadata?.['managedFields'] as { manager: string; fieldsV1: unknown }[];
    const ours = JSON.stringify(managed.filter(({ manager }) => manager === 'agent-injector'));
    expect(new Set(ours.match(/"f:\w+"/g))).toEqual(new Set(['"f:webhooks"', '"f:clientConfig"', '"f:caBundle"']));
  });

  const seconds = process.env['E2E_LONG'] === '1' ? 120 : 20;
  test(`is not written while nothing changes for ${seconds} s`, { timeout: (seconds + 60) * 1000 }, async () => {
    const count = async (): Promise<readonly unknown[]> => [
      await resourceVersion(),
      (await client.get(SECRET)).metadata?.resourceVersion,
      await writes(client, 'PATCH', 'mutatingwebhookconfigurations'),
      await writes(client, 'PUT', 'secrets'),
    ];
    const before = await count();
    await delay(seconds * 1000);
    expect(await count()).toEqual(before);
  });
});

test('agent-injector certs shows the certificate in use, and the webhook entries that trust it', async () => {
  const show = async (): Promise<{ readonly code: number; readonly output: string }> => {
    const args = [
      'certs',
      '--kubeconfig',
      cluster.controlPlane.kubeconfigPath,
      '--tls-secret',
      issuedFlags['tls-secret'],
    ];
    return new Promise((resolve) => {
      execFile(process.execPath, [BUNDLE, ...args, '--webhook-configuration', NAME], (failure, stdout, stderr) => {
        resolve({ code: failure ? Number(failure.code) : 0, output: stdout + stderr });
      });
    });
  };
  const { code, output } = await show();
  console.log(output);
  expect(code).toBe(0);
  expect(output).toContain(`Secret ${issuedFlags['tls-secret']}: certificate for ${SERVERNAME}, `);
  const line = output.split('\n').find((one) => one.startsWith('leaf'));
  expect(line).toMatch(
    / (6|29) +enabled\.agent-injector\.io, required\.agent-injector\.io, required-pods\.agent-injector\.io$/,
  );
});

describe('the webhook configuration', () => {
  test('keeps a changed field, and the drift is reported', async () => {
    const change = async (value: string): Promise<void> => {
      await client.patch(CONFIGURATION, [{ op: 'replace', path: '/webhooks/1/failurePolicy', value }], {
        type: 'json',
      });
    };
    await change('Ignore');
    const version = await resourceVersion();
    const drift = (replica: Replica) => replica.metric('agent_injector_webhook_drift', '{field="failurePolicy"}');
    for (const replica of replicas) {
      await waitFor('the drift metric', async () => (await drift(replica)) === 1);
      expect(
        replica.messages().filter((text) => /failurePolicy.*required\.agent-injector\.io/.test(text)),
      ).toHaveLength(1);
    }
    expect(await resourceVersion()).toBe(version);
    await change('Fail');
    for (const replica of replicas) await waitFor('the end of the drift', async () => (await drift(replica)) === 0);
  });

  test('makes replicas unready when it is deleted, until it exists again', async () => {
    await client.delete(CONFIGURATION);
    const [replica] = replicas;
    if (!replica) throw new Error('no replica');
    await waitFor('the replica to be unready', async () => (await replica.ask('/readyz')).status === 503);
    expect((await replica.ask('/readyz')).text).toMatch(/^not ready: .*webhook configuration/);
    expect((await replica.ask('/livez')).status).toBe(200);
    await cluster.createConfiguration('plain');
    await replica.ready();
    await waitFor('a pod with the agent', () => injects(client));
  });
});
