import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startInjector } from '../support/injector.ts';
import { waitFor } from '../support/wait-for.ts';
import { figure } from './figure.ts';
import { cpuMs } from '../support/process-figures.ts';
import { domainNow, shopFile } from './shop.ts';

// A server with 64 file descriptors, and 300 connections that send nothing.

const CONNECTIONS = 300;
const HELD_MS = 5000;

let dir: string;
let namespaces: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-descriptors-'));
  namespaces = shopFile(dir);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('a server without free file descriptors stays alive at low CPU, logs the fault, and recovers at once', async () => {
  const through = ['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh'];
  const injector = await startInjector({ through, flags: { namespaces } });
  onTestFinished(async () => void (await injector.stop()));
  await injector.ready();
  expect(await domainNow(injector)).toBe('1000');
  const { pid } = injector.process;

  const port = Number(new URL(injector.url).port);
  const sockets: Socket[] = [];
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  for (let count = 0; count < CONNECTIONS; count += 1) {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.on('error', () => {});
    sockets.push(socket);
  }
  await waitFor('each connection to be accepted or refused', () => sockets.every((socket) => !socket.connecting));
  const cpu = cpuMs(pid);
  const since = performance.now();
  let probes = 0;
  let answered = 0;
  while (performance.now() - since < HELD_MS) {
    probes += 1;
    const { status } = await injector.ask('/livez').catch(() => ({ status: 0 }));
    if (status === 200) answered += 1;
    await delay(100);
  }
  const open = sockets.filter((socket) => !socket.destroyed && socket.readyState === 'open').length;
  console.log(
    `${open} of ${CONNECTIONS} open, ${readdirSync(`/proc/${pid}/fd`).length} descriptors, /livez ${answered} of ${probes}`,
  );
  figure('descriptors-cpu', Math.round(((cpuMs(pid) - cpu) / (performance.now() - since)) * 100));
  figure('descriptors-livez', Math.round((answered / probes) * 100));

  for (const socket of sockets) socket.destroy();
  const closed = performance.now();
  await waitFor('an answer on a new connection', async () => (await domainNow(injector)) === '1000', { interval: 10 });
  figure('descriptors-recovery', Math.round(performance.now() - closed));
  expect((await injector.ask('/readyz')).status).toBe(200);
  expect(injector.process.pid).toBe(pid);
  const warnings = injector.lines().filter(({ level }) => level !== 'info');
  expect(warnings.map(({ msg }) => msg)).toEqual([expect.stringContaining('connections are closed')]);
});
