import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { optedIn, ours } from '../support/injected-cluster.ts';
import { startInjector, type Injector } from '../support/injector.ts';
import { podOf } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';
import { mountedDirectory, profileText, type Mounted } from '../support/mounted-directory.ts';
import { figure } from './figure.ts';
import { SHOP } from './shop.ts';

// Faults of the directory of profiles, a mounted ConfigMap.

/** Longer than the interval in which the server checks the directory. */
const BROKEN_MS = 5000;

let dir: string;
let mounted: Mounted;
let injector: Injector;
let version = 1;
let wrong = 0;
let slowest = 0;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-profile-faults-'));
  const { labels, annotations } = optedIn();
  const metadata = { name: SHOP, labels, annotations: { ...annotations, ...ours({ profile: 'acme' }) } };
  writeFileSync(join(dir, 'namespaces.yaml'), stringify({ apiVersion: 'v1', kind: 'Namespace', metadata }));
  mounted = await mountedDirectory({ 'acme.yaml': acme('1') });
  injector = await startInjector({ flags: { namespaces: join(dir, 'namespaces.yaml'), profiles: mounted.dir } });
  await injector.ready();
  await waitFor('the first version', async () => (await valueNow()) === '1');
});
afterAll(async () => {
  await injector?.stop();
  await mounted?.remove();
  rmSync(dir, { recursive: true, force: true });
});

function acme(value: string): string {
  return profileText('acme', { environment: [{ name: 'ACME', value }] });
}

async function valueNow(): Promise<string | undefined> {
  const { patch } = await injector.review(SHOP, podOf(SHOP, 'web'));
  return /"ACME","value":"(\d+)"/.exec(JSON.stringify(patch))?.[1];
}

async function problems(): Promise<number> {
  const { text } = await injector.ask('/metrics');
  return Number(/^agent_injector_profile_problems (\d+)$/m.exec(text)?.[1]);
}

/** Counts the answers that do not use the last valid version during the fault, then repairs the directory with a new version. */
async function measureFault(repair: () => Promise<void>): Promise<void> {
  const last = String(version);
  await waitFor('the problem to be reported', async () => (await problems()) > 0);
  const since = performance.now();
  while (performance.now() - since < BROKEN_MS) {
    if ((await valueNow()) !== last) wrong += 1;
    await delay(20);
  }
  const ready = await injector.ask('/readyz');
  expect(ready.status).toBe(200);
  expect(ready.text).toMatch(/^ok\nnote: /);
  version += 1;
  await repair();
  const repaired = performance.now();
  await waitFor('the new version', async () => (await valueNow()) === String(version), { deadline: 60_000 });
  slowest = Math.max(slowest, performance.now() - repaired);
  expect(await problems()).toBe(0);
}

const swapInNewVersion = async (): Promise<void> => mounted.swap({ 'acme.yaml': acme(String(version)) });
/** The target of the kubelet's links. */
const file = (): string => join(mounted.dir, '..data', 'acme.yaml');

test.each([
  ['an invalid document', async () => mounted.swap({ 'acme.yaml': 'apiVersion: [' })],
  [
    'half a document',
    async () => mounted.swap({ 'acme.yaml': acme('77').slice(0, acme('77').indexOf('deliveries') + 5) }),
  ],
  ['invalid UTF-8', async () => writeFileSync(file(), Buffer.from([0xff, 0xfe, 0x00]))],
])('the last valid profile is used while the file has %s', async (_, damage) => {
  await damage();
  await measureFault(swapInNewVersion);
});

test('the last valid profile is used while the file is a link to itself', async () => {
  rmSync(file());
  symlinkSync('acme.yaml', file());
  await measureFault(swapInNewVersion);
});

test('the last valid profile is used while the file is an endless device', async () => {
  rmSync(file());
  symlinkSync('/dev/zero', file());
  await measureFault(swapInNewVersion);
});

test('the last valid profile is used while the directory is missing', async () => {
  renameSync(mounted.dir, `${mounted.dir}-away`);
  await measureFault(async () => {
    renameSync(`${mounted.dir}-away`, mounted.dir);
    await swapInNewVersion();
  });
});

test('the last valid profile is used while the directory is a link to itself', async () => {
  renameSync(mounted.dir, `${mounted.dir}-away`);
  symlinkSync(mounted.dir, mounted.dir);
  await measureFault(async () => {
    rmSync(mounted.dir);
    renameSync(`${mounted.dir}-away`, mounted.dir);
    await swapInNewVersion();
  });
});

test('the last valid profile is used while the directory is a file', async () => {
  renameSync(mounted.dir, `${mounted.dir}-away`);
  writeFileSync(mounted.dir, 'no directory');
  await measureFault(async () => {
    rmSync(mounted.dir);
    renameSync(`${mounted.dir}-away`, mounted.dir);
    await swapInNewVersion();
  });
});

test('no answer was wrong, and each new version was used in time', () => {
  figure('profiles-wrong', wrong);
  figure('profiles-recovery', Math.round(slowest / 100) / 10);
});
