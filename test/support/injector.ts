import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from './client.ts';
import { freePort } from './free-port.ts';
import { httpGet, type TextAnswer } from './http-get.ts';
import { startProcess, type Exit, type GuardedProcess } from './guarded-process.ts';
import type { PatchOperation } from '../e2e/recorder.ts';
import type { Pod } from './pod.ts';
import { waitFor, waitUntil } from './wait-for.ts';

export interface InjectorOptions {
  /** Without it, the injector uses no cluster. */
  readonly kubeconfigPath?: string;
  /** A command that runs its further arguments (`nice`, `sh -c '… exec "$@"' sh`). */
  readonly through?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** @default 0 */
  readonly drainSeconds?: number;
  /** Further flags of the server, without dashes. */
  readonly flags?: Readonly<Record<string, string>>;
}

/** A line of the log. A line that is not JSON becomes the message. */
export interface LogLine {
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The fields of the log line of a decision that tests read. */
export interface DecisionLine extends LogLine {
  readonly uid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly outcome: 'injected' | 'skipped' | 'refused';
  readonly reason?: string;
  readonly owner?: string;
  readonly dryRun?: boolean;
}

/** An answer to a review, with its decoded patch. */
export interface ReviewAnswer {
  readonly allowed: boolean;
  readonly warnings?: readonly string[];
  readonly patch: readonly PatchOperation[];
}

/** The bundle as a process: `agent-injector serve`. */
export interface Injector {
  /** The URL of the webhook. */
  readonly url: string;
  readonly adminUrl: string;
  /** The CA that the injector has issued, PEM. */
  readonly ca: string;
  readonly process: GuardedProcess;
  /** GET on the admin port; `/livez`, `/readyz`, `/metrics`. */
  readonly ask: (path: string) => Promise<TextAnswer>;
  readonly ready: () => Promise<void>;
  /** Sends a review of a pod creation without an API server. */
  readonly review: (namespace: string, pod: Pod) => Promise<ReviewAnswer>;
  readonly lines: () => readonly LogLine[];
  /** All decisions in order, or those of one namespace. Waits for the lines of all answered reviews, which are written after the answers. */
  readonly decisions: (namespace?: string) => Promise<readonly DecisionLine[]>;
  /** The number of answered reviews, from the metrics. */
  readonly reviews: () => Promise<number>;
  /** Sends the signal, SIGKILL by default, waits for the exit, and removes all files. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<Exit>;
}

const BUNDLE = fileURLToPath(new URL('../../dist/agent-injector.js', import.meta.url));
const HOST = '127.0.0.1';

/** Starts the server with new certificates. Resolves when it is alive, before it is ready. */
export async function startInjector({
  kubeconfigPath,
  through = [],
  env = {},
  drainSeconds = 0,
  flags: more,
}: InjectorOptions): Promise<Injector> {
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-serve-'));
  const port = await freePort();
  const adminPort = await freePort();
  const flags = {
    ...(kubeconfigPath !== undefined && { kubeconfig: kubeconfigPath }),
    host: HOST,
    port,
    'admin-port': adminPort,
    'tls-dir': join(dir, 'tls'),
    'drain-seconds': drainSeconds,
    // Most tests use claims that do not exist.
    checks: 'none',
    ...more,
  };
  const args = ['serve', ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])];
  // Not in the folder of the project, so that no file of it is found by accident.
  const [command = process.execPath, ...rest] = [...through, process.execPath, BUNDLE, ...args];
  const started = await startProcess({ command, args: rest, cwd: dir, logPath: join(dir, 'log'), env });
  const lines = (): readonly LogLine[] => parse(started.log());
  const decisions = (): readonly DecisionLine[] =>
    lines().filter((line): line is DecisionLine => line.msg === 'decision');
  const ask = (path: string): Promise<TextAnswer> => httpGet(adminPort, path);
  const reviews = async (): Promise<number> => sumOf('agent_injector_reviews_total', (await ask('/metrics')).text);
  const ended = (): Error | undefined => {
    const exit = started.exit();
    return exit && new Error(`the injector ended (code ${exit.code}, signal ${exit.signal}): ${started.log()}`);
  };
  const stop = async (signal?: NodeJS.Signals): Promise<Exit> => {
    const exit = await started.stop(signal);
    rmSync(dir, { recursive: true, force: true });
    return exit;
  };
  try {
    await waitFor('the injector to be alive', async () => (await ask('/livez')).status === 200, { hopeless: ended });
    // The command in `through` can have created a mount namespace.
    const root = through.length === 0 ? '' : `/proc/${started.pid}/root`;
    const ca = readFileSync(join(root, flags['tls-dir'], 'ca.crt'), 'utf8');
    const webhook = new Client({ url: `https://${HOST}:${port}`, ca, token: '' });
    return {
      url: `https://${HOST}:${port}/mutate`,
      adminUrl: `http://${HOST}:${adminPort}`,
      ca,
      review: async (namespace, pod) => review(webhook, namespace, pod),
      process: started,
      ask,
      ready: async () => {
        await waitFor('the injector to be ready', async () => isReady(await ask('/readyz')), {
          hopeless: ended,
          // Hundreds of megabytes of namespaces are read first in one test, and test machines are busy.
          deadline: 120_000,
        });
      },
      lines,
      decisions: async (namespace) => {
        const count = await reviews();
        const all = await waitUntil(`${count} decisions in the log`, decisions, ({ length }) => length >= count);
        return all.filter((decision) => namespace === undefined || decision.namespace === namespace);
      },
      reviews,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Sends a review of a pod creation, with the key order of the API server, on which load shedding depends. */
export async function review(webhook: Client, namespace: string, pod: Pod, path = '/mutate'): Promise<ReviewAnswer> {
  const { status, body } = await webhook.request('POST', `${path}?timeout=5s`, {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: randomUUID(),
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace,
      operation: 'CREATE',
      object: pod,
    },
  });
  if (status !== 200) throw new Error(`the webhook answered ${status}: ${JSON.stringify(body)}`);
  const { response } = body as { readonly response: Omit<ReviewAnswer, 'patch'> & { readonly patch?: string } };
  const patch = response.patch === undefined ? '[]' : Buffer.from(response.patch, 'base64').toString();
  return { ...response, patch: JSON.parse(patch) as readonly PatchOperation[] };
}

/** Throws the text of an unready server, for the error of `waitFor`. */
function isReady({ status, text }: TextAnswer): true {
  if (status === 200) return true;
  throw new Error(text);
}

/** Skips a last line that is not complete yet. */
function parse(log: string): readonly LogLine[] {
  return log
    .split('\n')
    .slice(0, -1)
    .map((line) => (line.startsWith('{') ? (JSON.parse(line) as LogLine) : { msg: line }));
}

function sumOf(name: string, metrics: string): number {
  let sum = 0;
  for (const [, value] of metrics.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)$`, 'gm'))) sum += Number(value);
  return sum;
}
