import { createConnection } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../support/client.ts';
import { changeDomain, optedIn, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { startInjector, type Injector } from '../support/injector.ts';
import { instrumented, podOf, type Pod } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';

// The API server goes away and comes back: the injector knows what it knew, and learns what it missed.

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

const warned = (it: Injector): boolean => it.lines().some(({ level }) => level === 'warn');
const domainIn = (patch: unknown): unknown => /"ARIES_DOMAIN_ID","value":"(\d+)"/.exec(JSON.stringify(patch))?.[1];

test('known namespaces are served while the API server is down, and a change takes effect within 5 s of its return', async () => {
  const { pid } = injector.process;
  expect(instrumented((await client.create<Pod>(podOf(NAMESPACE, 'before'))).object)).toEqual(['app']);

  await cluster.controlPlane.stopApiServer();
  await waitFor('the injector to notice', () => warned(injector));
  expect((await injector.ask('/livez')).status).toBe(200);
  expect((await injector.ask('/readyz')).status).toBe(200);
  expect(domainIn((await injector.review(NAMESPACE, podOf(NAMESPACE, 'meanwhile'))).patch)).toBe('1000');
  const unknown = await injector.review('never-heard-of', podOf('never-heard-of', 'meanwhile'));
  expect(unknown).toMatchObject({ allowed: true, patch: [] });
  expect(unknown.warnings).toEqual([
    expect.stringMatching(
      /^agent-injector: not injected: namespace-unavailable: namespace never-heard-of could not be read: /,
    ),
  ]);

  await cluster.controlPlane.startApiServer();
  const after = await changeDomain(client, NAMESPACE, '1001');
  console.log(`after the API server's return a changed annotation counted after ${after} ms`);
  expect(after).toBeLessThanOrEqual(5000);
  expect(injector.process.pid).toBe(pid);
  expect(injector.process.exit()).toBeUndefined();
  // An error, or anything that is no line of its log, would be a defect.
  expect(injector.lines().filter(({ level }) => level !== 'info' && level !== 'warn')).toEqual([]);
});

test('a server that starts while the API server is down is alive, and becomes ready when the API server returns', async () => {
  await cluster.controlPlane.stopApiServer();
  const early = await startInjector(cluster.controlPlane);
  try {
    expect(await early.ask('/readyz')).toEqual({
      status: 503,
      text: 'not ready: the namespaces of the cluster have not been read yet\nnot ready: the webhook port is not open yet\n',
    });
    expect(await isOpen(early.url)).toBe(false);
    await waitFor('the injector to say what it lacks', () => warned(early));

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
