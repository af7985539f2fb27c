import { execFileSync } from 'node:child_process';
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startInjector, type Injector } from '../support/injector.ts';
import { waitFor } from '../support/wait-for.ts';
import { startLoad } from './load-workers.ts';
import { figure } from './figure.ts';
import { cpuMs } from '../support/process-figures.ts';
import { shopFile } from './shop.ts';

// Standard output is closed or blocked, as when a container runtime or a log collector fails.

/** More lines than the pipe and the queue of the server hold. */
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

/** Starts a server with a pipe as its standard output. */
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
  const load = startLoad(injector);
  await waitFor('the first decisions to be read', () => read().includes('"msg":"decision"'));
  reader.destroy();
  const before = load.soFar().reviews;
  await waitFor('reviews without a reader', () => load.soFar().reviews >= before + 500);
  const { longestMs, wrong } = await load.end();
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
  const load = startLoad(injector, { workers: 16, pauseMs: 0 });
  await waitFor('more lines than fit', () => load.soFar().reviews >= LINES, { deadline: 60_000 });
  const { longestMs, wrong, reviews } = await load.end();
  expect(wrong).toEqual([]);
  figure('stdout-blocked', longestMs);
  const lost = await dropped(injector);
  expect(lost).toBeGreaterThan(0);
  expect((await injector.ask('/livez')).status).toBe(200);

  reader.resume();
  await waitFor('the queued lines', () => read().includes('log lines were dropped'));
  const lines = read().trimEnd().split('\n');
  const logged = lines.map((line) => JSON.parse(line) as { msg: string; lines?: number });
  expect(logged.find(({ msg }) => msg.startsWith('log lines were dropped'))).toMatchObject({
    level: 'warn',
    lines: lost,
  });
  expect(logged.filter(({ msg }) => msg === 'decision')).toHaveLength(reviews - lost);
  expect(await injector.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  await waitFor('the last line', () => read().includes('"msg":"stopped"'));
});

test('a server with blocked stdout exits', async () => {
  const { injector, reader } = piped;
  reader.pause();
  const load = startLoad(injector, { workers: 16, pauseMs: 0 });
  await waitFor('a full pipe', () => load.soFar().reviews >= LINES / 4, { deadline: 60_000 });
  await load.end();
  expect(await injector.stop('SIGTERM')).toEqual({ code: 0, signal: null });
});
