import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { stringify } from 'yaml';
import { freePort } from '../support/free-port.ts';
import type { Bench } from './bench.ts';
import { end, start } from './children.ts';
import { readAnswer, wrongWith, type HttpAnswer } from './http-answer.ts';
import { fill, templateOf } from './request-bytes.ts';
import { residentMiB } from '../support/process-figures.ts';
import { reviewBodies, shops } from './reviews.ts';
import type { SampleBook } from './samples.ts';
import { floorCommand, HOST, productCommand } from './servers.ts';

const RUNS = 10;
const EVERY_MS = 2;
const GIVEN_UP_MS = 20_000;

interface Starter {
  readonly name: string;
  readonly command: (port: number, adminPort: number) => readonly [string, ...string[]];
  /** The patch of the first review. */
  readonly patch: string;
}

/** Time from the start of the process to the first right answer over TLS, and the results of earlier connections. */
export async function coldStart(bench: Bench, book: SampleBook): Promise<void> {
  const starters = await startersOf(bench);
  for (let run = 0; run <= RUNS; run += 1) {
    for (const starter of starters) {
      const { ms, early, resident } = await startOnce(bench, starter);
      // The first run reads the files from the disk, so it is not counted.
      if (run === 0) continue;
      const at = { row: 'cold-start', variant: 'start', server: starter.name };
      book.add({ ...at, figure: 'ms' }, ms);
      book.add({ ...at, figure: 'early' }, early);
      book.add({ ...at, figure: 'rss' }, resident);
      console.log(`  ${starter.name}: ${ms.toFixed(0)} ms, ${early} early connections, ${resident.toFixed(0)} MiB`);
    }
  }
}

async function startersOf(bench: Bench): Promise<readonly Starter[]> {
  const { tlsDir } = bench;
  const { fixed, fixedPatch } = bench.reviews();
  const patch = reviewBodies()[0]?.patch ?? '';
  const file = join(bench.dir, 'namespaces.yaml');
  const objects = shops.map(({ name, labels, annotations }) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels, annotations },
  }));
  writeFileSync(file, objects.map((object) => stringify(object)).join('---\n'));
  const { kubeconfigPath: kubeconfig } = await bench.cluster();
  const floor = (kind: 'raw' | 'fastify', bundled = false): Starter => ({
    name: bundled ? `${kind} in one file` : kind,
    command: (port) => floorCommand(kind, port, fixed, { tlsDir, bundled }),
    patch: fixedPatch,
  });
  const product = (name: string, flags: Readonly<Record<string, string>>): Starter => ({
    name,
    command: (port, adminPort) => productCommand({ port, adminPort }, { tlsDir, flags }),
    patch,
  });
  return [
    floor('raw'),
    floor('fastify'),
    floor('fastify', true),
    product('standalone', { namespaces: file }),
    product('cluster', { kubeconfig }),
  ];
}

interface Started {
  readonly ms: number;
  /** Accepted connections without a right answer. */
  readonly early: number;
  readonly resident: number;
}

async function startOnce(bench: Bench, { command, patch }: Starter): Promise<Started> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const [body] = reviewBodies();
  if (!body) throw new Error('there are no reviews');
  const template = templateOf({ ...body, patch }, port);
  const { uid, bytes } = fill(template, Buffer.alloc(template.bytes.length), 1);
  const from = performance.now();
  const child = start('server', command(port, adminPort), { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    let early = 0;
    for (;;) {
      const tried = performance.now();
      const result = await attempt(port, bench.ca, bytes, (answer) => wrongWith(answer, uid, patch));
      const now = performance.now();
      if (result === 'right') return { ms: now - from, early, resident: residentMiB(child.pid ?? 0) };
      if (result === 'early') early += 1;
      if (now - from > GIVEN_UP_MS || hasEnded(child))
        throw new Error(`no right answer within ${Math.round(now - from)} ms`);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, EVERY_MS - (now - tried))));
    }
  } finally {
    await end(child);
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Sends one review. `refused`: the port is closed. `early`: the port is open, but the answer is not right. */
async function attempt(
  port: number,
  ca: string,
  request: Buffer,
  judge: (answer: HttpAnswer) => string | undefined,
): Promise<'refused' | 'early' | 'right'> {
  const plain = connectPlain({ host: HOST, port });
  try {
    await once(plain, 'connect');
  } catch {
    return 'refused';
  }
  const socket = connect({ socket: plain, host: HOST, ca });
  try {
    const answer = await ask(socket, request);
    return judge(answer) === undefined ? 'right' : 'early';
  } catch {
    return 'early';
  } finally {
    socket.destroy();
  }
}

async function ask(socket: TLSSocket, request: Buffer): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed')));
    socket.once('secureConnect', () => socket.write(request));
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const answer = readAnswer(bytes);
      if (answer) resolve(answer);
    });
  });
}
