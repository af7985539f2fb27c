import { mkdirSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { variableOf } from '../../src/config/option-names.ts';
import { optionNames } from '../../src/config/options.ts';
import { issueServerCertificate } from '../../src/certificates/issue.ts';
import type { PodSpec } from '../support/chart.ts';
import type { Client, KubeObject } from '../support/client.ts';
import type { ControlPlane } from '../support/control-plane.ts';
import { freePort } from '../support/free-port.ts';
import { startProcess, type GuardedProcess } from '../support/guarded-process.ts';
import { waitFor } from '../support/wait-for.ts';

const BUNDLE = fileURLToPath(new URL('../../dist/agent-injector.js', import.meta.url));
const NAMESPACE = 'agent-injector';
const NAME = 'agent-injector';
const CONFIGURATION_NAME = 'zz-agent-injector';
const known = new Set<string>(optionNames.map(variableOf));

export interface WebhookConfiguration extends KubeObject {
  readonly webhooks: readonly {
    readonly name: string;
    readonly clientConfig: { readonly caBundle?: string; readonly service: { readonly path?: string } };
  }[];
}

export const installedFlags = {
  // Routes to the endpoints of a Service, since there is no kube-proxy.
  apiServerFlags: ['--enable-aggregator-routing=true'],
  // Without a kubelet's heartbeat, this controller would evict the pod.
  controllerManagerFlags: ['--controllers=*,-node-lifecycle-controller'],
} as const;

/** Requests a token of a ServiceAccount, as the kubelet does. */
export async function tokenOf(client: Client, name: string, namespace = NAMESPACE): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const { status, body } = await client.request('POST', path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {},
  });
  if (status !== 201) throw new Error(`no token for ${name}: ${JSON.stringify(body)}`);
  return (body as { status: { token: string } }).status.token;
}

/** An address of this machine that an EndpointSlice accepts: not a loopback address. */
function address(): string {
  const found = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal);
  if (!found) throw new Error('this machine has only loopback addresses');
  return found.address;
}

/**
 * Acts as the kubelet for one pod of the installed Deployment: runs the bundle with the environment of its container and the token of its
 * ServiceAccount, and reports the pod as ready at an address of this machine. The endpoint controller, the Service and the route of the API
 * server through it are real. The control plane needs `installedFlags`.
 */
export async function runInstalled({ client, url, dir }: ControlPlane): Promise<GuardedProcess> {
  const pod = await waitFor(
    'a pod of the Deployment',
    async () => (await client.list<KubeObject & { spec: PodSpec }>({ kind: 'Pod', namespace: NAMESPACE }))[0],
  );
  const folder = join(dir, 'installed');
  mkdirSync(folder, { recursive: true });
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(
    kubeconfig,
    stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'pod',
      clusters: [{ name: 'pod', cluster: { server: url, 'certificate-authority': join(dir, 'ca.crt') } }],
      users: [{ name: 'pod', user: { token: await tokenOf(client, NAME) } }],
      contexts: [{ name: 'pod', context: { cluster: 'pod', user: 'pod' } }],
    }),
  );
  const config = join(folder, 'agent-injector.yaml');
  const { data } = await client.get<{ data: Record<string, string> }>({
    kind: 'ConfigMap',
    namespace: NAMESPACE,
    name: NAME,
  });
  writeFileSync(config, data['agent-injector.yaml'] ?? '');
  const [port, adminPort] = [await freePort(), await freePort()];
  const environment = Object.fromEntries(
    pod.spec.containers[0]?.env?.map(({ name, value }) => [name, value]).filter(([name = '']) => known.has(name)) ?? [],
  );
  const own = {
    AGENT_INJECTOR_KUBECONFIG: kubeconfig,
    AGENT_INJECTOR_CONFIG: config,
    AGENT_INJECTOR_PORT: String(port),
    AGENT_INJECTOR_ADMIN_PORT: String(adminPort),
  };

  // The port of the container may be in use on this machine.
  await client.patch(
    { kind: 'Service', namespace: NAMESPACE, name: NAME },
    [{ op: 'replace', path: '/spec/ports/0/targetPort', value: port }],
    { type: 'json' },
  );
  const issuesItself = known.has('AGENT_INJECTOR_TLS_SECRET');
  const server = await startProcess({
    command: process.execPath,
    args: [BUNDLE, 'serve'],
    cwd: folder,
    logPath: join(folder, 'log'),
    env: {
      ...environment,
      ...own,
      ...(!issuesItself && { AGENT_INJECTOR_TLS_DIR: await certificates(folder, client) }),
    },
  });
  await waitFor('the server to be ready', async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok, {
    hopeless: () => (server.exit() === undefined ? undefined : new Error(server.log())),
  });
  await reportReady(client, pod.metadata?.name ?? '');
  return server;
}

/** Issues a certificate and publishes its CA in the place of the server. Returns the folder. */
async function certificates(folder: string, client: Client): Promise<string> {
  const { cert, key, ca } = await issueServerCertificate([`${NAME}.${NAMESPACE}.svc`], new Date());
  const dir = join(folder, 'tls');
  mkdirSync(dir);
  for (const [file, text] of Object.entries({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca }))
    writeFileSync(join(dir, file), text, { mode: 0o600 });
  const { webhooks } = await client.get<WebhookConfiguration>({
    kind: 'MutatingWebhookConfiguration',
    name: CONFIGURATION_NAME,
  });
  const value = Buffer.from(ca).toString('base64');
  const patch = webhooks.map((_, index) => ({ op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value }));
  await client.patch({ kind: 'MutatingWebhookConfiguration', name: CONFIGURATION_NAME }, patch, { type: 'json' });
  return dir;
}

async function reportReady(client: Client, name: string): Promise<void> {
  // The endpoint controller ignores pods that are not bound to a node.
  const node = 'node-of-a-test';
  await client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: node } });
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name },
    target: { apiVersion: 'v1', kind: 'Node', name: node },
  };
  const bound = await client.request('POST', `/api/v1/namespaces/${NAMESPACE}/pods/${name}/binding`, binding);
  if (bound.status !== 201) throw new Error(`not bound: ${JSON.stringify(bound.body)}`);
  const status = {
    phase: 'Running',
    podIP: address(),
    podIPs: [{ ip: address() }],
    conditions: [{ type: 'Ready', status: 'True' }],
  };
  await client.patch(
    { kind: 'Pod', namespace: NAMESPACE, name },
    { status },
    { subresource: 'status', type: 'strategic' },
  );
  await waitFor('the Service to have an endpoint', async () => {
    const slices = await client.list<{ endpoints: { conditions: { ready: boolean } }[] | null }>({
      kind: 'EndpointSlice',
      namespace: NAMESPACE,
    });
    return slices.some(({ endpoints }) => endpoints?.some(({ conditions }) => conditions.ready));
  });
}
