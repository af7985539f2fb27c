import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startInjector } from '../support/injector.ts';
import { waitFor } from '../support/wait-for.ts';
import { figure } from './figure.ts';
import { cpuMs } from '../support/process-figures.ts';
import { domainNow, shopFile } from './shop.ts';

// File descriptors run out: 64 of them, and 300 connections on which nothing is said.

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
  await waitFor('each connection to be taken or refused', () => sockets.every((socket) => !socket.connecting));
  const cpu = cpuMs(pid);
  const since = performance.now();
  let asked = 0;
  let alive = 0;
  while (performance.now() - since < HELD_MS) {
    asked += 1;
    const { status } = await injector.ask('/livez').catch(() => ({ status: 0 }));
    if (status === 200) alive += 1;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const open = sockets.filter((socket) => !socket.destroyed && socket.readyState === 'open').length;
  console.log(
    `${open} of ${CONNECTIONS} open, ${readdirSync(`/proc/${pid}/fd`).length} descriptors, /livez ${alive} of ${asked}`,
  );
  figure('descriptors-cpu', Math.round(((cpuMs(pid) - cpu) / (performance.now() - since)) * 100));
  figure('descriptors-livez', Math.round((alive / asked) * 100));

  for (const socket of sockets) socket.destroy();
  const closed = performance.now();
  await waitFor('an answer on a new connection', async () => (await domainNow(injector)) === '1000', { interval: 10 });
  figure('descriptors-recovery', Math.round(performance.now() - closed));
  expect((await injector.ask('/readyz')).status).toBe(200);
  expect(injector.process.pid).toBe(pid);
  const said = injector.lines().filter(({ level }) => level !== 'info');
  expect(said.map(({ msg }) => msg)).toEqual([expect.stringMatching(/^connections are refused: /)]);
});
