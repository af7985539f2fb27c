import { goldenFiles } from './golden.ts';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  chart,
  NAMESPACE,
  objectsOf,
  only,
  render,
  renderText,
  root,
  valuesFiles,
  type PodSpec,
} from '../support/chart.ts';
import { helm } from '../support/deploy-tools.ts';
import { issueServerCertificate } from '../../src/certificates/issue.ts';
import { ApiError, Client, type KubeObject } from '../support/client.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import type { GuardedProcess } from '../support/guarded-process.ts';
import { installedFlags, runInstalled, tokenOf, type WebhookConfiguration } from './installed-server.ts';
import { pathOf } from './kinds.ts';
import { canFollow, runCommands } from '../support/documented-commands.ts';
import { waitFor } from '../support/wait-for.ts';

// The manifests of deploy/ on a real API server. There is no kubelet: `runInstalled` runs a pod of the Deployment.

const INJECTION = 'agent-injector.io/injection';
const STATUS = 'agent-injector.io/status';
const SERVER = { 'agent-injector.io/server-address': 'jennifer.example.com' };
/** Kinds whose CustomResourceDefinitions are not installed here. */
const FOREIGN = new Set(['ServiceMonitor', 'PrometheusRule', 'Certificate', 'Issuer']);
const install = objectsOf(readFileSync(join(root, 'deploy/install.yaml'), 'utf8'));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const operations = readFileSync(join(root, 'docs/operations.md'), 'utf8');

let dir: string;
let controlPlane: ControlPlane;
let client: Client;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-install-'));
  controlPlane = await startControlPlane({
    dir,
    ...installedFlags,
    apiServerFlags: [
      ...installedFlags.apiServerFlags,
      `--admission-control-config-file=${await admissionConfiguration(dir)}`,
    ],
  });
  client = controlPlane.client;
});
afterAll(async () => {
  await controlPlane?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Writes the files of docs/operations.md with which the API server presents a client certificate, at their paths below the folder. */
async function admissionConfiguration(folder: string): Promise<string> {
  const path = '/etc/kubernetes/agent-injector';
  const { cert, key } = await issueServerCertificate(['kube-apiserver'], new Date());
  const files: Record<string, string> = { 'client.crt': cert, 'client.key': key };
  for (const name of ['admission.yaml', 'kubeconfig.yaml']) {
    const text = new RegExp(`\`\`\`yaml\n# ${name}\n([\\s\\S]*?)\`\`\``).exec(operations)?.[1];
    if (text === undefined) throw new Error(`docs/operations.md has no ${name}`);
    files[name] = text.replaceAll(path, join(folder, path));
  }
  mkdirSync(join(folder, path), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, path, name), text, { mode: 0o600 });
  return join(folder, path, 'admission.yaml');
}

/** As `kubectl create --validate=strict`: a field that the API server does not know is an error. */
async function create(object: KubeObject, dryRun = false): Promise<readonly string[]> {
  const { kind = '', apiVersion, metadata } = object;
  const path = pathOf({ kind, apiVersion, namespace: metadata?.namespace });
  const reply = await client.request('POST', `${path}?fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`, object);
  if (reply.status >= 400) throw new ApiError(`${kind} ${metadata?.name}`, reply);
  return reply.warnings;
}

const pod = (namespace: string, metadata: KubeObject['metadata'] = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: 'web-', namespace, ...metadata },
  spec: { containers: [{ name: 'app', image: 'app' }] },
});
const decision = async (object: KubeObject): Promise<string | undefined> => {
  const created = await client.create(object, { dryRun: true });
  const status = created.object.metadata?.annotations?.[STATUS];
  return status === undefined ? undefined : (JSON.parse(status) as { decision: string }).decision;
};
const refusal = async (object: KubeObject): Promise<string> => {
  try {
    await client.create(object, { dryRun: true });
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
  return 'was created';
};

const expectGolden = goldenFiles(import.meta.url);

describe('the API server', () => {
  test(
    'accepts every object of every values file, without an unknown field or a warning',
    { timeout: 120_000 },
    async () => {
      await create(install[0] ?? {});
      const texts =
        helm === undefined
          ? []
          : [...valuesFiles.keys()].map((values) => ({ values, objects: render(values, { args: ['--no-hooks'] }) }));
      for (const { values, objects } of [...texts, { values: 'install.yaml', objects: install.slice(1) }]) {
        for (const object of objects.filter(({ kind }) => !FOREIGN.has(kind ?? ''))) {
          const warnings = await create(object, true);
          // The network of the node violates the Pod Security level of the namespace.
          const expected =
            values === 'host-network' && object.kind === 'Deployment' ? [expect.stringContaining('hostNetwork')] : [];
          expect(warnings, `${values}: ${object.kind}`).toEqual(expected);
        }
      }
    },
  );

  test('installs install.yaml, and Pod Security "restricted" admits both replicas', async () => {
    for (const object of install.slice(1)) expect(await create(object), object.kind).toEqual([]);
    await waitFor('two pods', async () => (await client.list({ kind: 'Pod', namespace: NAMESPACE })).length === 2);
    const hostNetwork = { ...pod(NAMESPACE), spec: { hostNetwork: true, containers: [{ name: 'app', image: 'app' }] } };
    expect(await refusal(hostNetwork)).toContain('violates PodSecurity "restricted:latest"');
  });

  test('allows the ServiceAccount what it needs, and nothing else', async () => {
    const account = new Client({
      url: controlPlane.url,
      ca: readFileSync(join(dir, 'ca.crt'), 'utf8'),
      token: await tokenOf(client, 'agent-injector'),
    });
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      spec: { namespace: NAMESPACE },
    };
    const { body } = await account.request('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', review);
    const { resourceRules } = (
      body as {
        status: {
          resourceRules: { verbs: string[]; apiGroups: string[]; resources: string[]; resourceNames?: string[] }[];
        };
      }
    ).status;
    // As `kubectl auth can-i --list` shows it. The API server has no fixed order.
    const lines = resourceRules
      .map(
        ({ verbs, resources, resourceNames = [] }) =>
          `${resources.join()} [${resourceNames.join()}] [${verbs.join()}]\n`,
      )
      .toSorted();
    expectGolden('can-i.txt', lines.join(''));
    const status = async (method: string, path: string, object?: KubeObject): Promise<number> =>
      (await account.request(method, path, object)).status;
    const secrets = `/api/v1/namespaces/${NAMESPACE}/secrets`;
    const configurations = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
    const own = `?fieldSelector=metadata.name%3Dagent-injector`;
    expect(await status('GET', '/api/v1/namespaces')).toBe(200);
    expect(await status('GET', `${secrets}/agent-injector-tls`)).toBe(200);
    expect(await status('GET', secrets)).toBe(403);
    expect(await status('GET', `${configurations}${own}`)).toBe(200);
    expect(await status('GET', configurations)).toBe(200);
    expect(await status('GET', `${configurations}?watch=true`)).toBe(403);
    expect(await status('DELETE', `${configurations}/agent-injector`)).toBe(403);
    expect(await status('GET', '/api/v1/pods')).toBe(200);
    expect(await status('GET', `/api/v1/namespaces/${NAMESPACE}/pods/any`)).toBe(403);
    for (const read of ['/api/v1/persistentvolumeclaims', '/apis/storage.k8s.io/v1/volumeattachments'])
      expect(await status('GET', read), read).toBe(200);
    for (const read of ['/api/v1/persistentvolumes', '/apis/storage.k8s.io/v1/storageclasses', '/api/v1/nodes'])
      expect(await status('GET', read), read).toBe(200);
    for (const read of ['/api/v1/resourcequotas', '/api/v1/limitranges'])
      expect(await status('GET', read), read).toBe(200);
  });
});

describe('the installed webhook', () => {
  let server: GuardedProcess;

  beforeAll(async () => {
    server = await runInstalled(controlPlane);
    await client.createNamespace('shop', { labels: { [INJECTION]: 'enabled' }, annotations: SERVER });
    await client.createNamespace('bank', { labels: { [INJECTION]: 'required' }, annotations: SERVER });
    await client.createNamespace('bare', { labels: { [INJECTION]: 'required' } });
    await client.createNamespace('careless', { labels: { [INJECTION]: 'enabled' } });
    const spec = { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } };
    for (const namespace of ['shop', 'bank']) {
      const metadata = { namespace, name: 'my-agent-file' };
      await client.create({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec });
    }
    await waitFor('the first pod to be injected', async () => (await decision(pod('shop'))) === 'injected');
  });
  afterAll(async () => {
    await server?.stop();
    // Without a kubelet, a pod that is bound to a node is never removed.
    for (const { metadata } of await client.list({ kind: 'Pod', namespace: NAMESPACE })) {
      await client.delete({ kind: 'Pod', namespace: NAMESPACE, name: metadata?.name });
    }
  });

  /** Calls of each webhook entry, counted by the API server. */
  async function calls(): Promise<Readonly<Record<string, number>>> {
    const { body } = await client.request('GET', '/metrics');
    const found: Record<string, number> = {};
    for (const [, labels = '', count] of String(body).matchAll(
      /^apiserver_admission_webhook_request_total\{(.*)\} (\d+)$/gm,
    )) {
      const name = /name="([^"]+)"/.exec(labels)?.[1] ?? '';
      found[name] = (found[name] ?? 0) + Number(count);
    }
    return found;
  }

  test('injects by each of the three entries, and refuses a required pod that cannot be injected', async () => {
    const required = { labels: { [INJECTION]: 'required' } };
    const before = await calls();
    expect(await decision(pod('shop'))).toBe('injected');
    expect(await decision(pod('shop', required))).toBe('injected');
    expect(await decision(pod('bank'))).toBe('injected');
    expect(await decision(pod('bank', required))).toBe('injected');
    expect(await decision(pod('careless'))).toBe('skipped');
    expect(await refusal(pod('bare'))).toMatch(
      /"required-namespaces\.agent-injector\.io" denied the request: .*server-address/,
    );
    expect(await refusal(pod('careless', required))).toMatch(
      /"required-pods\.agent-injector\.io" denied the request: .*server-address/,
    );
    const after = await calls();
    const callsOf = (name: string) =>
      (after[`${name}.agent-injector.io`] ?? 0) - (before[`${name}.agent-injector.io`] ?? 0);
    expect([callsOf('enabled'), callsOf('required-pods'), callsOf('required-namespaces')]).toEqual([2, 2, 3]);
  });

  test('is never called for system namespaces and its own, whatever their labels, nor for excluded pods', async () => {
    for (const name of ['kube-system', 'kube-public', 'kube-node-lease', NAMESPACE]) {
      await client.patch(
        { kind: 'Namespace', name },
        { metadata: { labels: { [INJECTION]: 'required' }, annotations: SERVER } },
      );
    }
    const before = await calls();
    for (const name of ['kube-system', 'kube-public', 'kube-node-lease'])
      expect(await decision(pod(name)), name).toBeUndefined();
    const restricted = only<{ spec: { template: { spec: object } } }>(install, 'Deployment').spec.template.spec;
    expect(await decision({ ...pod(NAMESPACE), spec: restricted })).toBeUndefined();
    for (const optOut of [
      { labels: { [INJECTION]: 'disabled' } },
      { annotations: { 'agent-injector.io/inject': 'false' } },
    ])
      expect(await decision(pod('shop', optOut))).toBeUndefined();
    for (const namespace of ['shop', 'bank']) {
      const mirror = pod(namespace, { annotations: { 'kubernetes.io/config.mirror': 'x' } });
      expect(await decision({ ...mirror, spec: { ...(mirror['spec'] as object), nodeName: 'any' } })).toBeUndefined();
    }
    expect(await calls()).toEqual(before);
  });

  test('is called for pods of required namespaces that opt out, which leaves a record', async () => {
    const before = (await calls())['required-opt-outs.agent-injector.io'] ?? 0;
    expect(await decision(pod('bank', { labels: { [INJECTION]: 'disabled' } }))).toBe('skipped');
    expect(await decision(pod('bank', { annotations: { 'agent-injector.io/inject': 'false' } }))).toBe('skipped');
    expect((await calls())['required-opt-outs.agent-injector.io']).toBe(before + 2);
  });

  test('keeps its CA and the secret in its paths when the same files are applied again', async () => {
    const ref = { kind: 'MutatingWebhookConfiguration', name: 'zz-agent-injector' };
    const written = async () =>
      (await client.get<WebhookConfiguration>(ref)).webhooks.map(({ clientConfig: { caBundle, service } }) => ({
        caBundle,
        path: service.path,
      }));
    const before = await written();
    for (const entry of before)
      expect(entry).toEqual({
        caBundle: expect.stringMatching(/.{100}/),
        path: expect.stringMatching(/^\/mutate(\/required)?\/[0-9a-f]{32}$/),
      });
    const path = `${pathOf(ref)}?fieldManager=argocd&force=true`;
    const applied = await client.request('PATCH', path, only(install, ref.kind), 'application/apply-patch+yaml');
    expect(applied.status).toBe(200);
    expect(await written()).toEqual(before);
  });

  describe.skipIf(helm === undefined)('helm test', () => {
    let hooks: readonly KubeObject[];
    const runTest = async (patience: string): Promise<{ stdout: string; code: number }> => {
      const [container] = (only(hooks, 'Pod')['spec'] as PodSpec).containers;
      const environment = Object.fromEntries(container?.env?.map(({ name, value }) => [name, value]) ?? []);
      const token = join(dir, 'test-token');
      writeFileSync(token, await tokenOf(client, 'agent-injector-test'));
      const args = [...(container?.command?.slice(1) ?? []), ...(container?.args ?? [])];
      const env = {
        ...environment,
        API_SERVER: controlPlane.url,
        TOKEN_FILE: token,
        NODE_EXTRA_CA_CERTS: join(dir, 'ca.crt'),
        PATIENCE_SECONDS: patience,
      };
      return promisify(execFile)(process.execPath, args, { env }).then(
        ({ stdout }) => ({ stdout, code: 0 }),
        (error: { stdout: string; code: number }) => ({ stdout: error.stdout, code: error.code }),
      );
    };

    beforeAll(async () => {
      hooks = objectsOf(renderText('default', { args: ['--show-only', 'templates/tests/dry-run-injection.yaml'] }));
      for (const hook of hooks) await create(hook);
    });

    test('succeeds when pods are injected', async () => {
      const { stdout, code } = await runTest('20');
      expect(stdout).toContain('"decision":"injected"');
      expect(code).toBe(0);
    });

    test('fails with the message of the API server when the webhook does not answer', async () => {
      await server.stop();
      const { stdout, code } = await runTest('1');
      expect(stdout).toContain('failed calling webhook "required-namespaces.agent-injector.io"');
      expect(stdout).toContain('/mutate/required/…?timeout=');
      expect(code).toBe(1);
    });
  });

  test('refuses required pods, and only those, while no replica runs', async () => {
    await server.stop();
    expect(await decision(pod('shop'))).toBeUndefined();
    expect(await decision(pod('kube-system'))).toBeUndefined();
    expect(await refusal(pod('bank'))).toMatch(
      /failed calling webhook "required-namespaces\.agent-injector\.io": .*connection refused/,
    );
    expect(await refusal(pod('shop', { labels: { [INJECTION]: 'required' } }))).toContain(
      'failed calling webhook "required-pods.agent-injector.io"',
    );
    const { body } = await client.request('GET', '/metrics');
    // The names and labels that the alerts use.
    expect(String(body)).toMatch(
      /^apiserver_admission_webhook_fail_open_count\{name="enabled\.agent-injector\.io",type="admit"\} [1-9]/m,
    );
    expect(String(body)).toMatch(
      /^apiserver_admission_webhook_rejection_count\{error_type="calling_webhook_error",name="required-namespaces\.agent-injector\.io",.*\} [1-9]/m,
    );
  });
});

describe.skipIf(!canFollow)('the README', () => {
  /** Runs the code block of the README that begins with this comment. */
  const follow = async (comment: string): Promise<string> => {
    const block = readme
      .split('```sh\n')
      .find((text) => text.startsWith(`# ${comment}`))
      ?.split('```')[0];
    if (block === undefined) throw new Error(`the README has no commands for: ${comment}`);
    return runCommands(block, controlPlane.kubeconfigPath);
  };
  const ours = async (): Promise<readonly string[]> => {
    const kinds = [
      'Deployment',
      'ReplicaSet',
      'Pod',
      'Service',
      'ServiceAccount',
      'Secret',
      'ConfigMap',
      'Role',
      'RoleBinding',
      'ClusterRole',
      'ClusterRoleBinding',
      'MutatingWebhookConfiguration',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
      'PodDisruptionBudget',
      'NetworkPolicy',
      'Namespace',
      'HorizontalPodAutoscaler',
    ];
    const lists = await Promise.all(
      kinds.map((kind) => client.list({ kind }, 'app.kubernetes.io/part-of=agent-injector')),
    );
    return lists.flat().map(({ kind, metadata }) => `${kind}/${metadata?.name}`);
  };
  const secret = { kind: 'Secret', namespace: NAMESPACE, name: 'agent-injector-tls' };
  const registration = { kind: 'MutatingWebhookConfiguration', name: 'zz-agent-injector' };
  /** Writes what the server writes: the certificate and its CA. */
  const writeCertificate = async (): Promise<void> => {
    await client.patch(secret, { data: { 'tls.crt': 'eA==' } });
    await client.patch(registration, [{ op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: 'eA==' }], {
      type: 'json',
    });
  };
  const writtenCertificate = async (): Promise<readonly unknown[]> => [
    (await client.get<{ data?: Record<string, string> }>(secret)).data?.['tls.crt'],
    (await client.get<WebhookConfiguration>(registration)).webhooks[0]?.clientConfig.caBundle,
  ];
  const removed = () =>
    waitFor('the removal of every object', async () => (await ours()).length === 0, { deadline: 60_000 });

  test('uninstalls with kubectl, and leaves no object and no blocked pod', { timeout: 120_000 }, async () => {
    await follow('uninstall with kubectl');
    await client.delete({ kind: 'Namespace', name: 'agent-injector-test' });
    await removed();
    expect(await decision(pod('bank'))).toBeUndefined();
  });

  test('installs and upgrades with kubectl, and keeps what the server wrote', { timeout: 120_000 }, async () => {
    await follow('or install, and upgrade, with kubectl');
    const { spec } = await client.get<{ spec: { template: { spec: PodSpec } } }>({
      kind: 'Deployment',
      namespace: NAMESPACE,
      name: 'agent-injector',
    });
    expect(spec.template.spec.containers[0]?.image).toBe('registry.example.com/agent-injector:0.1.0');
    await writeCertificate();
    const before = await writtenCertificate();
    await follow('or install, and upgrade, with kubectl');
    expect(await writtenCertificate()).toEqual(before);
    await follow('uninstall with kubectl');
    await removed();
  });

  test(
    'installs, upgrades and uninstalls with Helm, keeps what the server wrote, and leaves no object',
    { timeout: 120_000 },
    async () => {
      const upgrade = 'install, and upgrade, with helm';
      await follow('once, before helm');
      expect(await follow(upgrade)).toContain(
        'Certificate: issued and renewed by the server, stored in Secret agent-injector-tls.',
      );
      await writeCertificate();
      const before = await writtenCertificate();
      expect(await follow(upgrade)).toContain('REVISION: 2');
      expect(await writtenCertificate()).toEqual(before);
      await follow('uninstall with helm');
      await removed();
      expect(await decision(pod('bank'))).toBeUndefined();
    },
  );

  test('moves what the server wrote to the webhook configuration of another order', { timeout: 120_000 }, async () => {
    const upgrade = (order: string): void => {
      const args = [
        'upgrade',
        '--install',
        'agent-injector',
        chart,
        '--namespace',
        NAMESPACE,
        '--set',
        `webhook.order=${order}`,
      ];
      execFileSync(helm ?? '', [...args, '--kubeconfig', controlPlane.kubeconfigPath], { stdio: 'pipe' });
    };
    await follow('once, before helm');
    const configurations = async (): Promise<readonly (readonly [string, unknown])[]> => {
      const all = await client.list<WebhookConfiguration>(
        { kind: 'MutatingWebhookConfiguration' },
        'app.kubernetes.io/part-of=agent-injector',
      );
      return all.map(({ metadata, webhooks }) => [
        metadata?.name ?? '',
        [webhooks[0]?.clientConfig.caBundle, webhooks[0]?.clientConfig.service.path],
      ]);
    };
    upgrade('first');
    const first = { kind: 'MutatingWebhookConfiguration', name: 'agent-injector' };
    const written = [
      { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: 'eA==' },
      { op: 'add', path: '/webhooks/0/clientConfig/service/path', value: '/mutate/secret' },
    ];
    await client.patch(first, written, { type: 'json' });
    // The second upgrade to the same order must keep it, too.
    for (const order of ['last', 'last', 'first', 'last']) {
      upgrade(order);
      const name = order === 'last' ? 'zz-agent-injector' : 'agent-injector';
      expect(await configurations()).toEqual([[name, ['eA==', '/mutate/secret']]]);
    }
    // An upgrade that fails can leave both; what is in the other one is old then.
    const labels = { 'app.kubernetes.io/instance': 'agent-injector' };
    const helmed = { 'meta.helm.sh/release-name': 'agent-injector', 'meta.helm.sh/release-namespace': NAMESPACE };
    const [{ webhooks } = { webhooks: [] }] = await client.list<WebhookConfiguration>(
      { kind: 'MutatingWebhookConfiguration' },
      'app.kubernetes.io/part-of=agent-injector',
    );
    const old = webhooks.map(({ clientConfig, ...entry }) => ({
      ...entry,
      clientConfig: { ...clientConfig, caBundle: 'b2xk' },
    }));
    await client.create({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: first.name, labels, annotations: helmed },
      webhooks: old,
    });
    upgrade('last');
    expect(await configurations()).toEqual([['zz-agent-injector', ['eA==', '/mutate/secret']]]);
    await client.delete(first);
    await follow('uninstall with helm');
    await removed();
  });

  test('has notes that describe the chosen options', { timeout: 120_000 }, async () => {
    const args = [
      'install',
      'notes',
      chart,
      '--dry-run=server',
      '--namespace',
      'notes',
      '--kubeconfig',
      controlPlane.kubeconfigPath,
    ];
    const notes = (values: string) =>
      execFileSync(helm ?? '', [...args, '--values', valuesFiles.get(values) ?? ''], { encoding: 'utf8' }).split(
        'NOTES:\n',
      )[1] ?? '';
    expect(notes('existing-secret')).toContain('Certificate: your Secret my-tls.');
    expect(notes('host-network')).toContain('Open port 10260 from the control plane to the nodes.');
    expect(notes('minimal')).not.toContain('helm test');
  });
});
