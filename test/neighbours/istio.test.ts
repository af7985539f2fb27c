import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issueServerCertificate } from '../../src/certificates/issue.ts';
import { registerWebhook, type RegisteredWebhook } from '../e2e/webhook.ts';
import { objectsOf } from '../support/chart.ts';
import type { Client, KubeObject } from '../support/client.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { helm, run } from '../support/deploy-tools.ts';
import { freePort } from '../support/free-port.ts';
import { startProcess, type GuardedProcess } from '../support/guarded-process.ts';
import { startInjector, type Injector } from '../support/injector.ts';
import { ours } from '../support/injected-cluster.ts';
import { container, podOf, recordOf, variable, type Pod } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';
import { BUILT, isBuilt } from './built.ts';

// Istio's own sidecar injector, as a process beside the built server, in both orders.

const hasIstio = helm !== undefined && isBuilt('pilot-discovery', 'Istio');

const NAMESPACE = 'istio-system';

describe.skipIf(!hasIstio)('beside Istio', () => {
  let dir: string;
  let controlPlane: ControlPlane;
  let client: Client;
  let injector: Injector;
  let istio: GuardedProcess;
  let entry: Readonly<Record<string, unknown>>;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'agent-injector-istio-'));
    controlPlane = await startControlPlane();
    ({ client } = controlPlane);
    injector = await startInjector({ ...controlPlane, flags: { tenancy: 'open' } });
    await injector.ready();
    const installed = await install();
    const configuration = installed.find(({ kind }) => kind === 'MutatingWebhookConfiguration');
    const ports = await start();
    const [first] = (configuration as unknown as { webhooks: readonly Readonly<Record<string, unknown>>[] }).webhooks;
    const clientConfig = { url: `https://127.0.0.1:${ports.https}/inject`, caBundle: ports.caBundle };
    // Istio's own entry for pods in namespaces that it serves, without its selectors by revision.
    const namespaceSelector = { matchLabels: { 'istio-injection': 'enabled' } };
    entry = { ...first, clientConfig, namespaceSelector, objectSelector: {} };
  });
  afterAll(async () => {
    await istio?.stop();
    await injector?.stop();
    await controlPlane?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Its ConfigMaps and the definitions of its resources, as its chart has them. */
  async function install(): Promise<readonly KubeObject[]> {
    const chart = join(BUILT, 'istio-charts/istio-control/istio-discovery');
    const objects = objectsOf(run(helm ?? '', ['template', 'istiod', chart, '--namespace', NAMESPACE]).stdout);
    const definitions = objectsOf(readFileSync(join(BUILT, 'istio-charts/base/files/crd-all.gen.yaml'), 'utf8'));
    await client.createNamespace(NAMESPACE);
    for (const one of [...definitions, ...objects.filter(({ kind }) => kind === 'ConfigMap')]) await client.create(one);
    return objects;
  }

  async function start(): Promise<{ readonly https: number; readonly caBundle: string }> {
    const { cert, key, ca } = await issueServerCertificate(['127.0.0.1'], new Date());
    for (const [name, text] of Object.entries({ cert, key, ca })) writeFileSync(join(dir, `${name}.pem`), text);
    const [http, https, grpc, secure, monitoring] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    mkdirSync(join(dir, 'work'));
    istio = await startProcess({
      command: join(BUILT, 'pilot-discovery'),
      args: [
        'discovery',
        `--kubeconfig=${controlPlane.kubeconfigPath}`,
        `--httpAddr=127.0.0.1:${http}`,
        `--httpsAddr=127.0.0.1:${https}`,
        `--grpcAddr=127.0.0.1:${grpc}`,
        `--secureGRPCAddr=127.0.0.1:${secure}`,
        `--monitoringAddr=127.0.0.1:${monitoring}`,
        '--ctrlz_port=0',
        `--tlsCertFile=${join(dir, 'cert.pem')}`,
        `--tlsKeyFile=${join(dir, 'key.pem')}`,
        `--caCertFile=${join(dir, 'ca.pem')}`,
      ],
      cwd: join(dir, 'work'),
      logPath: join(dir, 'istio.log'),
      env: { POD_NAMESPACE: NAMESPACE, POD_NAME: 'istiod', REVISION: 'default', PILOT_CERT_PROVIDER: 'istiod' },
    });
    await waitFor('Istio to be ready', async () => (await fetch(`http://127.0.0.1:${http}/ready`)).ok, {
      deadline: 120_000,
      hopeless: () => (istio.exit() === undefined ? undefined : new Error(istio.log().slice(-2000))),
    });
    return { https, caBundle: Buffer.from(ca).toString('base64') };
  }

  const cases = (['first', 'last'] as const).flatMap((order) =>
    ['enabled', 'required'].flatMap((label) =>
      ['persistentVolumeClaim', 'initContainer'].map((delivery) => ({ order, label, delivery })),
    ),
  );

  test.each(cases)('called $order, label $label, delivery $delivery', async ({ order, label, delivery }) => {
    const namespace = `${order}-${label}-${delivery.toLowerCase()}`;
    await client.createNamespace(namespace, {
      labels: { ...ours({ injection: label }), 'istio-injection': 'enabled' },
      annotations: ours({
        'server-address': 'jennifer.example.com',
        delivery,
        'agent-image': 'registry.example.com/agent:1',
      }),
    });
    const name = order === 'first' ? 'agent-injector' : 'zz-agent-injector';
    const registered: RegisteredWebhook[] = [];
    const configuration = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' };
    const ref = { kind: 'MutatingWebhookConfiguration', name: 'istio-sidecar-injector' };
    await client.create({ ...configuration, metadata: { name: ref.name }, webhooks: [entry] });
    try {
      registered.push(await registerWebhook(client, { name, url: injector.url, ca: injector.ca }));
      const pod = podOf(namespace, 'web', { spec: { containers: [container('app'), container('worker')] } });
      const object = await waitFor('a pod with both', async () => {
        const written = await client.create<Pod>(pod, { dryRun: true });
        return all(written.object).some((one) => one.name === 'istio-proxy') ? written.object : undefined;
      });
      const proxy = all(object).filter((one) => one.name === 'istio-proxy');
      expect(proxy).toHaveLength(1);
      expect(variable(object, 'CORECLR_PROFILER', 'istio-proxy')).toBeUndefined();
      for (const app of ['app', 'worker']) expect(variable(object, 'CORECLR_PROFILER', app)).toMatch(/6C7CAF0F/);
      expect(recordOf(object)).toMatchObject({
        decision: 'injected',
        containers: [{ container: 'app' }, { container: 'worker' }],
      });
      expect(new Set(all(object).map((one) => one.name)).size).toBe(all(object).length);
    } finally {
      for (const one of registered) await one.remove();
      await client.delete(ref);
    }
  });
});

function all({ spec }: Pod): readonly { readonly name: string }[] {
  return [...spec.containers, ...(spec.initContainers ?? [])];
}
