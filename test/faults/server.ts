import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executable } from '../support/built.ts';
import { freePort } from '../support/free-port.ts';
import { startProcess, type GuardedProcess } from '../support/guarded-process.ts';
import { waitFor } from '../support/wait-for.ts';
import { peakMiB, residentMiB } from '../support/process-figures.ts';

/** `agent-injector serve` without a cluster, in a separate process. */
export interface ServerProcess {
  readonly port: number;
  readonly adminPort: number;
  readonly ca: string;
  readonly process: GuardedProcess;
  readonly metrics: () => Promise<string>;
  /** The sum of the metric over all series whose labels contain this text. */
  readonly metric: (name: string, labels?: string) => Promise<number>;
  /** Resident memory and its peak, in MiB. */
  readonly memory: () => { readonly now: number; readonly most: number };
  readonly stop: () => Promise<void>;
}

/** A namespace that is opted in. */
export interface OptedIn {
  readonly label?: string;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts the server with these namespaces, and resolves when it is ready. */
export async function serve(
  namespaces: Readonly<Record<string, OptedIn>>,
  node: readonly string[] = [],
): Promise<ServerProcess> {
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-faults-'));
  const file = join(dir, 'namespaces.yaml');
  writeFileSync(file, Object.entries(namespaces).map(manifest).join('---\n'));
  const [port, adminPort] = [await freePort(), await freePort()];
  const flags = {
    namespaces: file,
    host: '127.0.0.1',
    port,
    'admin-port': adminPort,
    'tls-dir': join(dir, 'tls'),
    'drain-seconds': 0,
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const started = await startProcess({
    command: process.execPath,
    args: [...node, executable, 'serve', ...args],
    cwd: dir,
    logPath: join(dir, 'log'),
  });
  const ask = async (path: string): Promise<Response> => fetch(`http://127.0.0.1:${adminPort}${path}`);
  const stop = async (): Promise<void> => {
    await started.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  const metrics = async (): Promise<string> => (await ask('/metrics')).text();
  try {
    await waitFor('the server to be ready', async () => (await ask('/readyz')).ok, {
      hopeless: () => started.exit() && new Error(started.log()),
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    port,
    adminPort,
    ca: readFileSync(join(dir, 'tls', 'ca.crt'), 'utf8'),
    process: started,
    metrics,
    metric: async (name, labels = '') => sumOf(await metrics(), name, labels),
    memory: () => ({ now: residentMiB(started.pid), most: peakMiB(started.pid) }),
    stop,
  };
}

function manifest([name, { label = 'enabled', settings = {} }]: readonly [string, OptedIn]): string {
  const annotations = Object.fromEntries(
    Object.entries({ 'server-address': 'apm.example.com', 'domain-id': '2000', ...settings }).map(([key, value]) => [
      `agent-injector.io/${key}`,
      value,
    ]),
  );
  const metadata = { name, labels: { 'agent-injector.io/injection': label }, annotations };
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata })}\n`;
}

function sumOf(text: string, name: string, labels: string): number {
  let sum = 0;
  for (const line of text.split('\n')) {
    const [series = '', value] = line.split(/ (?=[^ ]+$)/);
    if ((series === name || series.startsWith(`${name}{`)) && series.includes(labels)) sum += Number(value);
  }
  return sum;
}
