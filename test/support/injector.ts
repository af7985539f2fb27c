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
  /** None: it goes by files, as its flags say. */
  readonly kubeconfigPath?: string;
  /** A command that ends by running what is added to it (`nice`, `sh -c '… exec "$@"' sh`), and what it finds in its environment. */
  readonly through?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** 0 when not given: it ends as soon as it is told to. */
  readonly drainSeconds?: number;
  /** Other flags of the server, without their dashes. */
  readonly flags?: Readonly<Record<string, string>>;
}

/** A line of the log; a line that is no JSON is all message. */
export interface LogLine {
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The log line of one decision, as far as tests read it. */
export interface DecisionLine extends LogLine {
  readonly uid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly outcome: 'injected' | 'skipped' | 'refused';
  readonly reason?: string;
  readonly owner?: string;
  readonly dryRun?: boolean;
}

/** An answer to a review, its patch decoded. */
export interface ReviewAnswer {
  readonly allowed: boolean;
  readonly warnings?: readonly string[];
  readonly patch: readonly PatchOperation[];
}

/** `agent-injector serve`, the bundle itself in a process of its own. */
export interface Injector {
  /** Of the webhook: what the API server is to call. */
  readonly url: string;
  readonly adminUrl: string;
  /** The authority, PEM, that vouches for its certificate: it made both itself. */
  readonly ca: string;
  readonly process: GuardedProcess;
  /** GET on the admin port; `/livez`, `/readyz`, `/metrics`. */
  readonly ask: (path: string) => Promise<TextAnswer>;
  /** Resolves when `/readyz` says yes. */
  readonly ready: () => Promise<void>;
  /** Asks it about the creation of a pod, without an API server in between. */
  readonly review: (namespace: string, pod: Pod) => Promise<ReviewAnswer>;
  readonly lines: () => readonly LogLine[];
  /**
   * Every decision since the start, in order; those of one namespace when it is given. A line may be written a little after the answer
   * was sent: there are as many lines as the metric counts before they are given.
   */
  readonly decisions: (namespace?: string) => Promise<readonly DecisionLine[]>;
  /** How many reviews were answered, by its own metric. */
  readonly reviews: () => Promise<number>;
  /** Sends the signal (SIGKILL when not given), and waits for the end; its files are removed. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<Exit>;
}

const BUNDLE = fileURLToPath(new URL('../../dist/agent-injector.js', import.meta.url));
const HOST = '127.0.0.1';

/** Starts the server with fresh certificates; resolves when it is alive, which is before it is ready. */
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
    // Pods of most tests name claims that nobody makes.
    checks: 'none',
    ...more,
  };
  const args = ['serve', ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])];
  // Not in the project's folder, so that nothing of it is found by accident.
  const [command = process.execPath, ...rest] = [...through, process.execPath, BUNDLE, ...args];
  const started = await startProcess({ command, args: rest, cwd: dir, logPath: join(dir, 'log'), env });
  const lines = (): readonly LogLine[] => parse(started.log());
  const decided = (): readonly DecisionLine[] =>
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
    // What it is started through may have given it mounts of its own.
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
        await waitFor('the injector to be ready', async () => isYes(await ask('/readyz')), { hopeless: ended });
      },
      lines,
      decisions: async (namespace) => {
        const count = await reviews();
        const all = await waitUntil(`${count} decisions in the log`, decided, ({ length }) => length >= count);
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

/** Asks a webhook about the creation of a pod, as an API server does, to the order of the keys: who has no time to parse goes by that. */
export async function review(webhook: Client, namespace: string, pod: Pod): Promise<ReviewAnswer> {
  const { status, body } = await webhook.request('POST', '/mutate?timeout=5s', {
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

/** True, or an exception with the sentence that says why not: it shows when the wait is given up. */
function isYes({ status, text }: TextAnswer): true {
  if (status === 200) return true;
  throw new Error(text);
}

/** The last line counts once it is written to its end. */
function parse(log: string): readonly LogLine[] {
  return log
    .split('\n')
    .slice(0, -1)
    .map((line) => (line.startsWith('{') ? (JSON.parse(line) as LogLine) : { msg: line }));
}

/** All series of a counter together. */
function sumOf(name: string, metrics: string): number {
  let sum = 0;
  for (const [, value] of metrics.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)$`, 'gm'))) sum += Number(value);
  return sum;
}
