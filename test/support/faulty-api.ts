import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { loadClient } from '../../src/cluster/client/client.ts';
import type { KubeClient } from '../../src/cluster/client/types.ts';
import type { Clock } from '../../src/lib/clock.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;
export type Kind = 'list' | 'watch' | 'get';
type Texts = Record<string, string>;

export interface Seen {
  readonly kind: Kind;
  readonly at: number;
  readonly url: URL;
  readonly accept: string;
}

/**
 * A small API server for Namespaces over real sockets. It pages, keeps resource versions and streams events to its watchers as the real one does.
 * `faults.list`, `.watch` and `.get` answer in its place.
 */
export class FaultyApi {
  readonly seen: Seen[] = [];
  readonly faults: Partial<Record<Kind, Answer>> = {};
  readonly #objects = new Map<string, { metadata: { name: string; annotations: Texts; resourceVersion: string } }>();
  readonly #watchers = new Set<ServerResponse>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  version = 100;
  port = 0;
  /** Largest page of a list. */
  pageItems = 2;

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      this.#handle(request, response);
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** Resets every connection and closes the port, as when the process is killed. */
  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
    this.#watchers.clear();
  }

  client(clock?: Clock): Promise<KubeClient> {
    return clientFor(`http://127.0.0.1:${this.port}`, clock);
  }

  put(name: string, annotations: Texts = {}, labels?: Texts): void {
    const type = this.#objects.has(name) ? 'MODIFIED' : 'ADDED';
    const { metadata } = namespaceObject(name, annotations, String((this.version += 1)));
    const object = { metadata: { ...metadata, ...(labels && { labels }) } };
    this.#objects.set(name, object);
    this.send({ type, object });
  }

  remove(name: string): void {
    this.#objects.delete(name);
    this.send({ type: 'DELETED', object: namespaceObject(name, {}, String((this.version += 1))) });
  }

  bookmark(): void {
    this.send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(this.version) } } });
  }

  /** Sends a line to every watcher; a text as it is. */
  send(line: object | string): void {
    for (const watcher of this.#watchers) watcher.write(typeof line === 'string' ? line : `${JSON.stringify(line)}\n`);
  }

  /** Changes the objects without sending events. */
  silently(change: () => void): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    change();
    for (const watcher of watchers) this.#watchers.add(watcher);
  }

  closeWatches(how: (watcher: ServerResponse) => void): void {
    for (const watcher of this.#watchers) how(watcher);
    this.#watchers.clear();
  }

  get watching(): number {
    return this.#watchers.size;
  }

  count(kind: Kind): number {
    return this.seen.filter((request) => request.kind === kind).length;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://api');
    const kind = kindOf(url);
    this.seen.push({ kind, at: performance.now(), url, accept: request.headers.accept ?? '' });
    const fault = this.faults[kind];
    if (fault !== undefined) fault(request, response);
    else if (request.headers.authorization !== 'Bearer secret')
      json(response, { kind: 'Status', reason: 'Unauthorized' }, 401);
    else this.normal(kind, url, response);
  }

  /** Answers as without a fault. */
  normal(kind: Kind, url: URL, response: ServerResponse): void {
    if (kind === 'list') this.#list(url, response);
    if (kind === 'watch') this.#watch(response);
    if (kind === 'get') this.#get(url, response);
  }

  #list(url: URL, response: ServerResponse): void {
    const all = [...this.#objects.values()];
    const from = Number(url.searchParams.get('continue') ?? 0);
    const to = from + Math.min(Number(url.searchParams.get('limit')), this.pageItems);
    const metadata = { resourceVersion: String(this.version), ...(to < all.length ? { continue: String(to) } : {}) };
    json(response, { kind: 'PartialObjectMetadataList', metadata, items: all.slice(from, to) });
  }

  #watch(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    this.#watchers.add(response);
    response.on('close', () => this.#watchers.delete(response));
  }

  #get(url: URL, response: ServerResponse): void {
    const object = this.#objects.get(url.pathname.split('/').at(-1) ?? '');
    if (object === undefined)
      json(response, { kind: 'Status', reason: 'NotFound', message: 'not found', code: 404 }, 404);
    else json(response, object);
  }
}

function kindOf(url: URL): Kind {
  if (url.searchParams.has('watch')) return 'watch';
  return url.searchParams.has('limit') ? 'list' : 'get';
}

export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

export function answers(body: unknown, status: number): Answer {
  return (_, response) => json(response, body, status);
}

export function html(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>Please log in</html>\n');
}

export function reset(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}

export function never(): void {
  // The request is read and not answered.
}

export function namespaceObject(
  name: string,
  annotations: Texts = {},
  resourceVersion = '1',
): { metadata: { name: string; annotations: Texts; resourceVersion: string } } {
  return { metadata: { name, annotations, resourceVersion } };
}

/** A client of the server at this address, over plain HTTP. */
export async function clientFor(server: string, clock?: Clock): Promise<KubeClient> {
  const file = join(temporaryDirectory(), 'kubeconfig');
  writeFileSync(file, kubeconfig(server, { 'insecure-skip-tls-verify': true }, { token: 'secret' }));
  const client = await loadClient({ kubeconfig: file, ...(clock && { clock }) });
  if (client === undefined) throw new Error('the kubeconfig names no cluster');
  return client;
}

export function kubeconfig(server: string, cluster: object, user: object): string {
  return JSON.stringify({
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}

const directories: string[] = [];

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'kube-test-'));
  directories.push(directory);
  return directory;
}

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});
