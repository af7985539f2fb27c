import { createConnection } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../support/client.ts';
import { changeDomain, optedIn, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { startInjector, type Injector } from '../support/injector.ts';
import { instrumented, podOf, type Pod } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';

// An outage of the API server: the injector keeps what it has loaded, and then applies what it missed.

const NAMESPACE = 'shop';

let cluster: InjectedCluster;
let client: Client;
let injector: Injector;
beforeAll(async () => {
  cluster = await startInjectedCluster();
  ({ client, injector } = cluster);
  await client.createNamespace(NAMESPACE, optedIn({ 'domain-id': '1000' }));
});
afterAll(() => cluster?.stop());

const hasWarned = (server: Injector): boolean => server.lines().some(({ level }) => level === 'warn');
const domainIn = (patch: unknown): unknown => /"ARIES_DOMAIN_ID","value":"(\d+)"/.exec(JSON.stringify(patch))?.[1];

test('known namespaces are served while the API server is down, and a change takes effect within 5 s of its return', async () => {
  const { pid } = injector.process;
  expect(instrumented((await client.create<Pod>(podOf(NAMESPACE, 'before'))).object)).toEqual(['app']);

  await cluster.controlPlane.stopApiServer();
  await waitFor('the injector to log a warning', () => hasWarned(injector));
  expect((await injector.ask('/livez')).status).toBe(200);
  expect((await injector.ask('/readyz')).status).toBe(200);
  expect(domainIn((await injector.review(NAMESPACE, podOf(NAMESPACE, 'meanwhile'))).patch)).toBe('1000');
  const unknown = await injector.review('unknown', podOf('unknown', 'meanwhile'));
  expect(unknown).toMatchObject({ allowed: true, patch: [] });
  expect(unknown.warnings).toEqual([expect.stringContaining(' namespace-unavailable: ')]);

  await cluster.controlPlane.startApiServer();
  const after = await changeDomain(client, NAMESPACE, '1001');
  console.log(`a changed annotation took effect ${after} ms after the API server's return`);
  expect(after).toBeLessThanOrEqual(5000);
  expect(injector.process.pid).toBe(pid);
  expect(injector.process.exit()).toBeUndefined();
  // A line that is not JSON has no level.
  expect(injector.lines().filter(({ level }) => level !== 'info' && level !== 'warn')).toEqual([]);
});

test('a server that starts while the API server is down is alive, and becomes ready when the API server returns', async () => {
  await cluster.controlPlane.stopApiServer();
  const early = await startInjector(cluster.controlPlane);
  try {
    const { status, text } = await early.ask('/readyz');
    expect(status).toBe(503);
    expect(text.match(/^not ready: /gm)).toHaveLength(2);
    expect(await isOpen(early.url)).toBe(false);
    await waitFor('the injector to log a warning', () => hasWarned(early));

    await cluster.controlPlane.startApiServer();
    const back = performance.now();
    await early.ready();
    console.log(`ready ${Math.round(performance.now() - back)} ms after the API server's return`);
    expect(await isOpen(early.url)).toBe(true);
    expect(domainIn((await early.review(NAMESPACE, podOf(NAMESPACE, 'first'))).patch)).toBe('1001');
    expect((await early.ask('/livez')).status).toBe(200);
  } finally {
    await early.stop();
  }
});

async function isOpen(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port: Number(new URL(url).port) });
    socket.on('connect', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
