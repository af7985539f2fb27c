import { connect } from 'node:net';
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { end, start } from './children.ts';
import { makePipe } from './pipe.ts';
import { built, bundle } from './places.ts';

export const HOST = '127.0.0.1';

/** A server process on the first core. */
export interface Server {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** Sends SIGTERM, which also writes a CPU profile, and waits for the exit. */
  readonly stop: () => Promise<void>;
  /** The number of decisions in the log of the product. Resolves after `stop`. */
  readonly logged?: () => Promise<number>;
}

export type FloorKind = 'raw' | 'fastify';

export interface StartOptions {
  /** A directory with tls.crt, tls.key and ca.crt. */
  readonly tlsDir: string;
  /** Options of Node.js. */
  readonly nodeFlags?: readonly string[];
  /** Runs a floor as one file, without node_modules. */
  readonly bundled?: boolean;
}

/** Resolves when the port is open. */
export async function startFloor(kind: FloorKind, answer: string, options: StartOptions): Promise<Server> {
  const port = await freePort();
  const child = start('server', floorCommand(kind, port, answer, options), { stdio: ['ignore', 'inherit', 'inherit'] });
  await waitFor(`the floor ${kind} to listen`, async () => isOpen(port), {
    interval: 10,
    hopeless: () => (child.exitCode === null ? undefined : new Error(`it ended with ${child.exitCode}`)),
  });
  return { name: kind, port, pid: child.pid ?? 0, stop: async () => end(child, 'SIGTERM') };
}

export function floorCommand(
  kind: FloorKind,
  port: number,
  answer: string,
  { tlsDir, nodeFlags = [], bundled = false }: StartOptions,
): readonly [string, ...string[]] {
  return [
    process.execPath,
    ...nodeFlags,
    join(built, bundled ? 'bundled' : '', `floor-${kind}.mjs`),
    String(port),
    tlsDir,
    answer,
  ];
}

export interface ProductOptions extends StartOptions {
  readonly name?: string;
  /** Flags without dashes. */
  readonly flags: Readonly<Record<string, string>>;
}

/** Enables everything that works in the test cluster: a log line for each decision, metrics, checks, the record on the pod. */
export function productCommand(
  ports: { readonly port: number; readonly adminPort: number },
  { tlsDir, nodeFlags = [], flags }: ProductOptions,
): readonly [string, ...string[]] {
  const all = {
    host: HOST,
    port: String(ports.port),
    'admin-port': String(ports.adminPort),
    'tls-dir': tlsDir,
    'drain-seconds': '0',
    ...flags,
  };
  const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
  return [process.execPath, ...nodeFlags, bundle, 'serve', ...args];
}

/** Counts the lines of decisions, and prints lines above the level info. */
const COUNT_DECISIONS = '/"msg":"decision"/ {n++; next} !/^{"level":"info"/ {print > "/dev/stderr"} END {print n + 0}';

/** Starts the bundle of the product with its log in a pipe. Resolves when it is ready. */
export async function startProduct(options: ProductOptions): Promise<Server> {
  const port = await freePort();
  const adminPort = await freePort();
  const pipe = makePipe();
  const command = productCommand({ port, adminPort }, options);
  const child = start('server', command, { stdio: ['ignore', pipe.write, 'inherit'] });
  const reader = start('generator', ['awk', COUNT_DECISIONS], { stdio: [pipe.read, 'pipe', 'inherit'] });
  pipe.close();
  const counted = text(reader.stdout ?? Readable.from([]));
  await waitFor('the product to be ready', async () => (await get(adminPort, '/readyz')) === 200, {
    hopeless: () => (child.exitCode === null ? undefined : new Error(`it ended with ${child.exitCode}`)),
  });
  return {
    name: options.name ?? 'product',
    port,
    pid: child.pid ?? 0,
    stop: async () => end(child, 'SIGTERM'),
    logged: async () => Number(await counted),
  };
}

async function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

async function get(port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: HOST, port, path, agent: false });
    sent.on('error', reject);
    sent.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.end();
  });
}
