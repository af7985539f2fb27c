import { execFileSync } from 'node:child_process';
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startInjector, type Injector } from '../support/injector.ts';
import { waitFor } from '../support/wait-for.ts';
import { startAsking } from './asking.ts';
import { figure } from './figure.ts';
import { cpuMs } from '../support/process-figures.ts';
import { shopFile } from './shop.ts';

// Standard output is closed or blocked: a container runtime that died, a log collector that hangs.

/** More than the pipe and the server's queue hold, so that lines are dropped. */
const LINES = 6000;

let dir: string;
let namespaces: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-stdout-'));
  namespaces = shopFile(dir);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Piped {
  readonly injector: Injector;
  readonly reader: Socket;
  readonly read: () => string;
}

let pipes = 0;

/** A server whose standard output is a pipe that is read here. */
async function startPiped(): Promise<Piped> {
  const path = join(dir, `pipe-${(pipes += 1)}`);
  execFileSync('mkfifo', [path]);
  const reader = new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true });
  let text = '';
  reader.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const through = ['sh', '-c', `exec "$@" > ${path}`, 'sh'];
  const injector = await startInjector({ through, flags: { namespaces } });
  await injector.ready();
  return { injector, reader, read: () => text };
}

async function dropped(injector: Injector): Promise<number> {
  const { text } = await injector.ask('/metrics');
  return Number(/^agent_injector_log_lines_dropped_total (\d+)$/m.exec(text)?.[1]);
}

let piped: Piped;
beforeEach(async () => {
  piped = await startPiped();
  return async () => {
    await piped.injector.stop();
    piped.reader.destroy();
  };
});

test('a server with closed stdout keeps answering at low CPU, and counts the dropped lines', async () => {
  const { injector, reader, read } = piped;
  const asking = startAsking(injector);
  await waitFor('the first decisions to be read', () => read().includes('"msg":"decision"'));
  reader.destroy();
  const before = asking.soFar().reviews;
  await waitFor('reviews without a reader', () => asking.soFar().reviews >= before + 500);
  const { longestMs, wrong } = await asking.end();
  expect(wrong).toEqual([]);
  figure('stdout-gone', longestMs);
  expect(await dropped(injector)).toBeGreaterThan(400);
  expect((await injector.ask('/readyz')).status).toBe(200);
  const spent = cpuMs(injector.process.pid);
  const since = performance.now();
  await waitFor('2 s of rest', () => performance.now() - since > 2000);
  figure('stdout-gone-cpu', Math.round(((cpuMs(injector.process.pid) - spent) / (performance.now() - since)) * 100));
  expect(await injector.stop('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('a server with blocked stdout delays no review, and counts and reports the dropped lines', async () => {
  const { injector, reader, read } = piped;
  reader.pause();
  const asking = startAsking(injector, { workers: 16, pauseMs: 0 });
  await waitFor('more lines than fit', () => asking.soFar().reviews >= LINES, { deadline: 60_000 });
  const { longestMs, wrong, reviews } = await asking.end();
  expect(wrong).toEqual([]);
  figure('stdout-blocked', longestMs);
  const lost = await dropped(injector);
  expect(lost).toBeGreaterThan(0);
  expect((await injector.ask('/livez')).status).toBe(200);

  reader.resume();
  await waitFor('the queued lines', () => read().includes('log lines were dropped'));
  const lines = read().trimEnd().split('\n');
  const said = lines.map((line) => JSON.parse(line) as { msg: string; lines?: number });
  expect(said.find(({ msg }) => msg.startsWith('log lines were dropped'))).toMatchObject({
    level: 'warn',
    lines: lost,
  });
  expect(said.filter(({ msg }) => msg === 'decision')).toHaveLength(reviews - lost);
  expect(await injector.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  await waitFor('its last line', () => read().includes('"msg":"stopped"'));
});

test('a server with blocked stdout exits', async () => {
  const { injector, reader } = piped;
  reader.pause();
  const asking = startAsking(injector, { workers: 16, pauseMs: 0 });
  await waitFor('a full pipe', () => asking.soFar().reviews >= LINES / 4, { deadline: 60_000 });
  await asking.end();
  expect(await injector.stop('SIGTERM')).toEqual({ code: 0, signal: null });
});
