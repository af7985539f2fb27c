import closeWithGrace from 'close-with-grace';
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { offlineInputs, type OfflineOptions } from '../../config/catalogue.ts';
import { systemClock } from '../../lib/clock.ts';
import { printableLine } from '../../lib/printable.ts';
import { UsageError } from '../../lib/usage-error.ts';
import type { Access } from '../../page-server/access.ts';
import { loadPageFiles } from '../../page-server/files.ts';
import type { Hosts } from '../../page-server/headers.ts';
import { LocalAccess } from '../../page-server/local-access.ts';
import { PageServer } from '../../page-server/server.ts';
import type { PageSource } from '../../page-server/source.ts';
import { TokenAccess } from '../../page-server/token-access.ts';
import { type ClusterOptions, openUserCluster } from '../../server/cluster.ts';
import type { NamespaceScope } from '../cluster/reader.ts';
import { readNamespaceObject } from '../cluster/namespaces.ts';
import { openBrowser } from './browser.ts';
import { ClusterSource } from './cluster-source.ts';
import { directly } from './server-metrics.ts';
import { FilesSource } from './files-source.ts';

export interface UiOptions extends Omit<NamespaceScope, 'selector'>, OfflineOptions, ClusterOptions {
  readonly file?: readonly string[] | undefined;
  readonly recursive?: boolean | undefined;
  readonly namespaces?: string | undefined;
  readonly port: number;
  /** False: the address is only printed. */
  readonly browser: boolean;
  /** For viewers who bring tokens, on all addresses. */
  readonly inCluster?: boolean | undefined;
  /** Names under which browsers reach it, in the cluster. */
  readonly host?: readonly string[] | undefined;
}

/** An answer that is under way ends with its connection. */
const CLOSE_MS = 5000;

const LOOPBACK = '127.0.0.1';

/** Serves the page until a signal. Throws a UsageError for flags or files that are not valid, an Error for a namespace that does not exist. */
export async function ui(options: UiOptions): Promise<void> {
  const served = options.inCluster ? await inCluster(options) : await local(options);
  const { server, address, host } = served;
  const port = await listen(server, host, options.port);
  closeWithGrace({ delay: CLOSE_MS, logger: false }, () => server.close());
  const url = address(port);
  process.stdout.write(printableLine(url) + '\n');
  if (!options.inCluster && options.browser && process.stdout.isTTY) openBrowser(url);
}

interface Served {
  readonly server: PageServer;
  /** What is printed: the address to open. */
  readonly address: (port: number) => string;
  readonly host: string;
}

async function local(options: UiOptions): Promise<Served> {
  if (options.host) throw new UsageError(['--host requires --in-cluster: the page is served on this machine only']);
  const source = await sourceOf(options);
  const base = `/${randomBytes(8).toString('hex')}/`;
  const access = new LocalAccess(base);
  let names: Hosts = new Set();
  const server = await serverFor({ base, access, source, hosts: () => names });
  const address = (port: number): string => {
    names = localNames(port);
    return `http://${LOOPBACK}:${port}${base}${access.query}`;
  };
  return { server, address, host: LOOPBACK };
}

/** What a browser names the server in Host. */
export function localNames(port: number): ReadonlySet<string> {
  const names = [LOOPBACK, 'localhost'];
  return new Set([...names.map((name) => `${name}:${port}`), ...(port === 80 ? names : [])]);
}

async function inCluster(options: UiOptions): Promise<Served> {
  if (options.file) throw new UsageError(['--file cannot be combined with --in-cluster']);
  const client = await openUserCluster(options);
  const source = new ClusterSource(client, { ...options, allNamespaces: true }, 'cluster', directly);
  const access = new TokenAccess(client, () => source.namespaces(), systemClock);
  const names: Hosts = options.host && new Set(options.host.map((one) => one.toLowerCase()));
  const server = await serverFor({ base: '/', access, source, hosts: () => names, probes: PROBES });
  return { server, address: (port) => `http://[::]:${port}/`, host: '::' };
}

const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz']);

interface ServerParts {
  readonly base: string;
  readonly access: Access;
  readonly source: PageSource;
  readonly hosts: () => Hosts;
  readonly probes?: ReadonlySet<string>;
}

async function serverFor(parts: ServerParts): Promise<PageServer> {
  return new PageServer({ ...parts, files: await loadPageFiles(), clock: systemClock });
}

async function sourceOf(options: UiOptions): Promise<PageSource> {
  const { file, namespaces } = options;
  if (file !== undefined) {
    const source = new FilesSource({ ...options, file }, await offlineInputs(options));
    // What cannot be read is said here, not in the browser.
    await source.overview();
    return source;
  }
  if (namespaces !== undefined) throw new UsageError(['--namespaces requires --file']);
  const client = await openUserCluster(options);
  if (!options.allNamespaces) await readNamespaceObject(client, options.namespace);
  return new ClusterSource(client, options, options.context ?? client.server);
}

/** `::` accepts IPv4 too; without IPv6, 0.0.0.0 is used instead. */
async function listen({ http }: PageServer, host: string, port: number): Promise<number> {
  try {
    await listenAt(http, host, port);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (host === '::' && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL')) await listenAt(http, '0.0.0.0', port);
    else if (code === 'EADDRINUSE')
      throw new Error(`port ${port} is already in use: choose another one, or none for one that is free`, {
        cause: error,
      });
    else throw error;
  }
  // A server that listens on a port has an address of this form.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (http.address() as AddressInfo).port;
}

function listenAt(http: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen({ host, port }, () => {
      http.off('error', reject);
      resolve();
    });
  });
}
