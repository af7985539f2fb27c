import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { Client, KubeObject } from './client.ts';
import { freePort } from './free-port.ts';
import { httpGet, type TextAnswer } from './http-get.ts';
import { startProcess, type GuardedProcess } from './guarded-process.ts';
import { instrumented, podOf, type Pod } from './pod.ts';
import { waitFor } from './wait-for.ts';

// Replicas of the built server behind one Service. They share a Secret and a MutatingWebhookConfiguration.

export const NAMESPACE = 'apm';
export const NAME = 'agent-injector';
export const SERVERNAME = `${NAME}.${NAMESPACE}.svc`;
export const SECRET = { kind: 'Secret', namespace: NAMESPACE, name: 'agent-injector-tls' } as const;
export const CONFIGURATION = { kind: 'MutatingWebhookConfiguration', name: NAME } as const;

export const BUNDLE = fileURLToPath(new URL('../../dist/agent-injector.js', import.meta.url));
const HOST = '127.0.0.1';
const LABEL = 'agent-injector.io/injection';

export interface Replica {
  readonly port: number;
  readonly process: GuardedProcess;
  readonly ask: (path: string) => Promise<TextAnswer>;
  readonly ready: () => Promise<void>;
  readonly messages: () => readonly string[];
  /** The value of a metric, with its labels as in the text format. */
  readonly metric: (name: string, labels?: string) => Promise<number>;
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
}

export interface ReplicaOptions {
  readonly kubeconfigPath: string;
  /** @default issuedFlags */
  readonly flags?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

export const issuedFlags = {
  'tls-secret': `${SECRET.namespace}/${SECRET.name}`,
  'webhook-configuration': CONFIGURATION.name,
  service: `${NAME}.${NAMESPACE}`,
};

/** Resolves when the process runs, before it is ready. */
export async function startReplica({
  kubeconfigPath,
  flags = issuedFlags,
  env = {},
}: ReplicaOptions): Promise<Replica> {
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-replica-'));
  const port = await freePort();
  const adminPort = await freePort();
  const all = {
    kubeconfig: kubeconfigPath,
    host: HOST,
    port,
    'admin-port': adminPort,
    'drain-seconds': 0,
    checks: 'none',
    ...flags,
  };
  const args = ['serve', ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)])];
  const started = await startProcess({
    command: process.execPath,
    args: [BUNDLE, ...args],
    cwd: dir,
    logPath: join(dir, 'log'),
    env,
  });
  const ask: Replica['ask'] = (path) => httpGet(adminPort, path);
  return {
    port,
    process: started,
    ask,
    ready: async () => {
      await waitFor(
        'a replica to be ready',
        async () => {
          const { status, text } = await ask('/readyz');
          if (status === 200) return true;
          throw new Error(text);
        },
        { interval: 10, hopeless: () => (started.exit() ? new Error(`it ended: ${started.log()}`) : undefined) },
      );
    },
    messages: () =>
      started
        .log()
        .split('\n')
        .flatMap((line) => (line.startsWith('{') ? [(JSON.parse(line) as { msg: string }).msg] : [])),
    metric: async (name, labels = '') => {
      const { text } = await ask('/metrics');
      const line = text.split('\n').find((one) => one.startsWith(`${name}${labels} `));
      return Number(line?.split(' ').at(-1) ?? Number.NaN);
    },
    stop: async (signal) => {
      await started.stop(signal);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The entries of the chart, except that for pods that opt out, without a caBundle, which the server writes. It also writes the paths if asked for. */
export function configuration(port: number, paths: 'plain' | 'secret' = 'secret'): KubeObject {
  const excluded = ['kube-system', 'kube-public', 'kube-node-lease', NAMESPACE];
  const entry = (name: string, values: readonly string[], failurePolicy: string, objectSelector: object): object => ({
    name: `${name}.agent-injector.io`,
    clientConfig: {
      service: {
        name: NAME,
        namespace: NAMESPACE,
        ...(paths === 'plain' && { path: failurePolicy === 'Fail' ? '/mutate/required' : '/mutate' }),
        port,
      },
    },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' }],
    namespaceSelector: {
      matchExpressions: [
        { key: LABEL, operator: 'In', values },
        { key: 'agent-injector.io/revision', operator: 'DoesNotExist' },
        { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: excluded },
      ],
    },
    objectSelector,
    failurePolicy,
    reinvocationPolicy: 'IfNeeded',
    sideEffects: 'None',
    timeoutSeconds: 5,
    admissionReviewVersions: ['v1'],
  });
  const unless = (...values: readonly string[]): object => ({
    matchExpressions: [{ key: LABEL, operator: 'NotIn', values }],
  });
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: CONFIGURATION.kind,
    metadata: {
      name: CONFIGURATION.name,
      ...(paths === 'secret' && { annotations: { 'agent-injector.io/webhook-path': 'secret' } }),
    },
    webhooks: [
      entry('enabled', ['enabled'], 'Ignore', unless('disabled', 'required')),
      entry('required', ['required'], 'Fail', unless('disabled')),
      entry('required-pods', ['enabled'], 'Fail', { matchLabels: { [LABEL]: 'required' } }),
    ],
  };
}

/** Creates the namespace, the Service and the empty Secret of the injector, and two namespaces for pods: `open` (enabled) and `closed` (required). */
export async function prepare(client: Client, port: number): Promise<void> {
  await client.createNamespace(NAMESPACE);
  await client.create(emptySecret());
  await client.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: NAME, namespace: NAMESPACE },
    // There is no kube-proxy: the API server resolves this name.
    spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] },
  });
  const annotations = { 'agent-injector.io/server-address': 'jennifer.example.com' };
  await client.createNamespace('open', { labels: { [LABEL]: 'enabled' }, annotations });
  await client.createNamespace('closed', { labels: { [LABEL]: 'required' }, annotations });
}

/** As the chart makes it. */
export function emptySecret(): KubeObject {
  const { kind, name, namespace } = SECRET;
  return { apiVersion: 'v1', kind, metadata: { name, namespace }, type: 'Opaque' };
}

/** As a merge patch: an administrator removes what the replicas stored. */
export const EMPTY_DATA = { data: null };

/** The serial number of the certificate that a replica serves. */
export async function servedSerial({ port }: Replica, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: HOST, port, ca, servername: SERVERNAME });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber ?? '');
      socket.destroy();
    });
  });
}

let pods = 0;

/** Creates a pod as a dry run. False if it gets no agent. Throws if it is refused. */
export async function injects(client: Client, namespace = 'closed'): Promise<boolean> {
  const { object } = await client.create<Pod>(podOf(namespace, `probe-${(pods += 1)}`), { dryRun: true });
  return instrumented(object).length > 0;
}

/** The caBundle of each entry, PEM. */
export async function publishedBy(client: Client): Promise<readonly string[]> {
  const { webhooks = [] } = await client.get<{ webhooks?: { clientConfig: { caBundle?: string } }[] }>(CONFIGURATION);
  return webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString());
}

/** The path of each entry. */
export async function pathsOf(client: Client): Promise<readonly (string | undefined)[]> {
  const { webhooks = [] } = await client.get<{ webhooks?: { clientConfig: { service: { path?: string } } }[] }>(
    CONFIGURATION,
  );
  return webhooks.map(({ clientConfig }) => clientConfig.service.path);
}

export async function secretOf(client: Client): Promise<Readonly<Record<string, string>> | undefined> {
  const found = await client.find<{ data?: Record<string, string> }>(SECRET);
  if (!found) return undefined;
  return Object.fromEntries(
    Object.entries(found.data ?? {}).map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]),
  );
}

/** Creates required pods as a dry run from several workers, until `end` is called. */
export function startLoad(client: Client, workers: number) {
  const ending = new AbortController();
  let made = 0;
  const failures: string[] = [];
  const all = Array.from({ length: workers }, async () => {
    while (!ending.signal.aborted) {
      made += 1;
      try {
        if (!(await injects(client))) failures.push('a pod was created without the agent');
      } catch (error) {
        failures.push(`${new Date().toISOString()} ${String(error)}`);
      }
    }
  });
  return {
    made: (): number => made,
    failures: (): readonly string[] => failures,
    end: async (): Promise<readonly string[]> => {
      ending.abort();
      await Promise.all(all);
      return failures;
    },
  };
}

/** The number of such requests that the API server has counted as successful. */
export async function writes(client: Client, verb: string, resource: string): Promise<number> {
  const { body } = await client.request('GET', '/metrics');
  let sum = 0;
  for (const [, labels = '', value] of String(body).matchAll(/^apiserver_request_total\{(.*)\} (\d+)$/gm)) {
    const isMatch = labels.includes(`verb="${verb}"`) && labels.includes(`resource="${resource}"`);
    if (isMatch && /code="20[01]"/.test(labels)) sum += Number(value);
  }
  return sum;
}
