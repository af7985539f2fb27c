import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { DAY, shift } from '../../src/certificates/describe.ts';
import { issueAuthority, issueLeaf } from '../../src/certificates/issue.ts';
import { binaryPath, type Binary } from './assets.ts';
import { Client } from './client.ts';
import { freePort } from './free-port.ts';
import { startProcess, type GuardedProcess } from './guarded-process.ts';
import { waitFor } from './wait-for.ts';

export interface ControlPlaneOptions {
  /** A folder that stays when the control plane stops. @default a temporary folder */
  readonly dir?: string;
  /** Port of the API server. */
  readonly port?: number;
  readonly apiServerFlags?: readonly string[];
  readonly controllerManagerFlags?: readonly string[];
}

/** etcd, kube-apiserver and kube-controller-manager on loopback. There is no scheduler and no kubelet, so pods stay Pending. */
export interface ControlPlane {
  readonly url: string;
  /** For a test that fills the cluster with more objects than it can create in time. */
  readonly etcdUrl: string;
  readonly dir: string;
  /** The kubeconfig of a cluster administrator. */
  readonly kubeconfigPath: string;
  readonly client: Client;
  /** Kills the API server, since a graceful shutdown takes a minute. etcd keeps its data. */
  readonly stopApiServer: (signal?: NodeJS.Signals) => Promise<void>;
  /** Starts the API server again on the same port, and waits until it is ready. */
  readonly startApiServer: () => Promise<void>;
  readonly stopControllerManager: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const YEAR = 365 * DAY;
const TOKEN = 'admin-token-of-a-test';
const READY_WITHIN = { deadline: 90_000 };

/** Resolves when namespaces get a ServiceAccount, which shows that all three processes work. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'agent-injector-e2e-'));
  const port = options.port ?? (await freePort());
  const url = `https://127.0.0.1:${port}`;
  const ca = await writeFiles(dir, url);
  const client = new Client({ url, ca, token: TOKEN });
  const running = new Map<Binary, GuardedProcess>();

  const start = async (binary: Binary, args: readonly string[]): Promise<GuardedProcess> => {
    const command = { command: binaryPath(binary), args, cwd: dir, logPath: join(dir, `${binary}.log`) };
    const started = await startProcess(command);
    running.set(binary, started);
    return started;
  };
  const kill = async (binary: Binary, signal?: NodeJS.Signals): Promise<void> => {
    await running.get(binary)?.stop(signal);
    running.delete(binary);
  };
  const stop = async (): Promise<void> => {
    for (const binary of ['kube-controller-manager', 'kube-apiserver', 'etcd'] as const) await kill(binary);
    if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
  };

  try {
    const etcd = await startEtcd(start);
    const startApiServer = async (): Promise<void> => {
      const flags = apiServerFlags(port, etcd.url).concat(options.apiServerFlags ?? []);
      const server = await start('kube-apiserver', flags);
      await waitFor('the API server to be ready', () => isReady(client), {
        ...READY_WITHIN,
        hopeless: () => endOf('kube-apiserver', server) ?? endOf('etcd', etcd.process),
      });
    };
    await startApiServer();
    const manager = await start('kube-controller-manager', [
      ...controllerManagerFlags(await freePort()),
      ...(options.controllerManagerFlags ?? []),
    ]);
    await waitFor(
      'the controller manager to create ServiceAccounts',
      () => client.find({ kind: 'ServiceAccount', namespace: 'default', name: 'default' }),
      { ...READY_WITHIN, hopeless: () => endOf('kube-controller-manager', manager) },
    );
    await createDefaultClass(client);
    return {
      url,
      etcdUrl: etcd.url,
      dir,
      kubeconfigPath: join(dir, 'kubeconfig'),
      client,
      stopApiServer: async (signal) => kill('kube-apiserver', signal),
      startApiServer,
      stopControllerManager: async () => kill('kube-controller-manager'),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As every cluster has one. Claims of it wait for a pod, so they can be used. */
async function createDefaultClass(client: Client): Promise<void> {
  const metadata = {
    name: 'standard',
    annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
  };
  if (await client.find({ kind: 'StorageClass', name: metadata.name })) return;
  await client.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata,
    provisioner: 'volumes.example.com',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
}

async function isReady(client: Client): Promise<true> {
  const { status, body } = await client.request('GET', '/readyz?verbose');
  if (status === 200) return true;
  throw new Error(String(body));
}

/** Writes keys, tokens and the kubeconfig. Returns the CA of the API server. */
async function writeFiles(dir: string, url: string): Promise<string> {
  mkdirSync(dir, { recursive: true });
  const write = (name: string, content: string): void => writeFileSync(join(dir, name), content, { mode: 0o600 });
  // Valid for years before and after, since tests change clocks.
  const term = { at: shift(new Date(), -2 * YEAR), lifetime: 10 * YEAR };
  // 10.0.0.1 is the address of the Service `kubernetes`, which pods of a real node use.
  const names = ['127.0.0.1', '10.0.0.1', 'localhost', 'kubernetes.default.svc'] as const;
  const authority = await issueAuthority('test CA', names, term);
  const serving = await issueLeaf(authority, names, term);
  write('ca.crt', authority.cert);
  write('apiserver.crt', serving.cert);
  write('apiserver.key', serving.key);
  const accounts = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  write('sa.key', accounts.privateKey);
  write('sa.pub', accounts.publicKey);
  write('tokens.csv', `${TOKEN},admin,admin,"system:masters"\n`);
  const cluster = { server: url, 'certificate-authority': join(dir, 'ca.crt') };
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'e2e', cluster }],
    users: [{ name: 'admin', user: { token: TOKEN } }],
    contexts: [{ name: 'e2e', context: { cluster: 'e2e', user: 'admin' } }],
    'current-context': 'e2e',
  };
  write('kubeconfig', stringify(kubeconfig));
  return authority.cert;
}

async function startEtcd(
  start: (binary: Binary, args: readonly string[]) => Promise<GuardedProcess>,
): Promise<{ readonly url: string; readonly process: GuardedProcess }> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const peerUrl = `http://127.0.0.1:${await freePort()}`;
  const etcd = await start('etcd', [
    '--data-dir=etcd-data',
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    '--unsafe-no-fsync',
  ]);
  await waitFor('etcd to be healthy', async () => (await fetch(`${url}/health`)).ok, {
    ...READY_WITHIN,
    hopeless: () => endOf('etcd', etcd),
  });
  return { url, process: etcd };
}

function apiServerFlags(port: number, etcdUrl: string): readonly string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    '--tls-cert-file=apiserver.crt',
    '--tls-private-key-file=apiserver.key',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc',
    '--service-account-key-file=sa.pub',
    '--service-account-signing-key-file=sa.key',
    '--token-auth-file=tokens.csv',
    '--authorization-mode=RBAC',
    '--enable-priority-and-fairness=false',
  ];
}

function controllerManagerFlags(port: number): readonly string[] {
  return [
    '--kubeconfig=kubeconfig',
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    '--service-account-private-key-file=sa.key',
    '--root-ca-file=ca.crt',
    '--use-service-account-credentials=false',
    '--leader-elect=false',
    '--kube-api-qps=1000',
    '--kube-api-burst=2000',
    '--concurrent-replicaset-syncs=20',
  ];
}

function endOf(binary: Binary, process: GuardedProcess): Error | undefined {
  const exit = process.exit();
  if (!exit) return undefined;
  const lines = process.log().trimEnd().split('\n').slice(-15).join('\n');
  return new Error(`${binary} ended (code ${exit.code}, signal ${exit.signal}); its last lines:\n${lines}`);
}
