import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { ExplanationResult } from '../../src/cli/explain/result.ts';
import type { GroupedCheck } from '../../src/diagnostics/checks/check.ts';
import { render } from '../support/chart.ts';
import type { Client, KubeObject } from '../support/client.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { optedIn } from '../support/injected-cluster.ts';
import { profileText } from '../support/mounted-directory.ts';
import { claimIn, container } from '../support/pod.ts';
import { type Ended, run } from '../support/process.ts';
import { waitFor } from '../support/wait-for.ts';
import { installManifests } from './installed-entries.ts';
import { tokenOf } from './installed-server.ts';

// The manifests of deploy/install.yaml on a real API server, and a user with the ClusterRole `edit` of one namespace. There is no kubelet: no replica
// ever starts, and no pod is injected.

const CONFIGURATION = { kind: 'ConfigMap', namespace: 'agent-injector', name: 'agent-injector' };
const EVERYONE = '[{"kind":"Group","apiGroup":"rbac.authorization.k8s.io","name":"system:authenticated"}]';

let dir: string;
let controlPlane: ControlPlane;
let client: Client;
let tenantFile: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-users-'));
  controlPlane = await startControlPlane();
  client = controlPlane.client;
  for (const object of installManifests) await client.create(object);
  await configure('defaults: {profile: opentelemetry-java, otlp-endpoint: "http://collector:4318"}\n');
  await client.createNamespace('shop', optedIn());
  await client.create(claimIn('shop'));
  await client.create(deployment);
  await client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'dev', namespace: 'shop' } });
  await client.create({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'dev', namespace: 'shop' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
    subjects: [{ kind: 'ServiceAccount', name: 'dev', namespace: 'shop' }],
  });
  tenantFile = join(dir, 'kubeconfig');
  writeFileSync(tenantFile, await kubeconfigOfTenant());
});
afterAll(async () => {
  await controlPlane?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const deployment: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container('web')] } },
  },
};

const configure = (text: string) => client.patch(CONFIGURATION, { data: { 'agent-injector.yaml': text } });

async function kubeconfigOfTenant(): Promise<string> {
  const cluster = { server: controlPlane.url, 'certificate-authority': join(controlPlane.dir, 'ca.crt') };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'dev', user: { token: await tokenOf(client, 'dev', 'shop') } }],
    contexts: [{ name: 'dev', context: { cluster: 'c', user: 'dev', namespace: 'shop' } }],
    'current-context': 'dev',
  });
}

const asTenant = (...args: readonly string[]): Promise<Ended> => run([...args, '--kubeconfig', tenantFile]);
const asAdmin = (...args: readonly string[]): Promise<Ended> =>
  run([...args, '--kubeconfig', controlPlane.kubeconfigPath]);

const explanationOf = ({ stdout }: Ended): ExplanationResult => {
  const { explained } = JSON.parse(stdout) as { explained: readonly [ExplanationResult] };
  return explained[0];
};

const checksOf = ({ stdout }: Ended): readonly GroupedCheck[] =>
  (JSON.parse(stdout) as { checks: readonly GroupedCheck[] }).checks;

describe('a user with the ClusterRole edit of one namespace', () => {
  const lines = ['plan --set domain-id=5', 'rollout plan', 'explain -l app=web', 'status', 'audit'];
  it.each(lines)('%s is not stopped by kinds that the cluster does not have', async (line) => {
    const { code, stdout, stderr } = await asTenant(...line.split(' '));
    expect(stderr).not.toMatch(/^agent-injector: /m);
    expect(code, stderr).toBe(line.startsWith('explain') || line === 'status' ? 0 : 3);
    expect(stdout + stderr).not.toMatch(/kruise|argoproj|openshift/);
  });

  it('is told that the settings of the server are not known, and no default of it', async () => {
    const ended = await asTenant('explain', 'web', '-o', 'json');
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: '' });
    const { findings, assumesDefaults } = explanationOf(ended);
    expect(findings.map(({ code }) => code)).toContain('server-settings-unknown');
    expect(assumesDefaults).toBe(true);
    const { stdout } = await asTenant('explain', 'web');
    expect(stdout).toMatch(/^Deployment\/web in namespace shop\n {2}new pods, without the settings of the server: /);
    expect(stdout).not.toContain('cluster default');
    expect(stdout).not.toContain('rollout restart');
  });

  it('can use status and audit, which say what they could not read', async () => {
    for (const command of ['status', 'audit'])
      expect((await asTenant(command)).stderr).toMatch(/note: .*not known\. .*cli\.readers/);
    expect((await asTenant('audit', '-A')).code).toBe(3);
    const checked = await asTenant('check', '-n', 'shop');
    expect(checked.stdout).toMatch(/0 of 1 pods carry an agent/);
    // Granted by edit in this namespace.
    expect(checked.stdout).not.toMatch(/permission to list (?:pods|persistentvolumeclaims|deployments)/);
    const all = await asTenant('check');
    expect(all.code).toBe(3);
    expect(all.stdout).toMatch(/permission to list pods in all namespaces: not granted/);
    expect(all.stdout).toMatch(/\nStatus: unknown/);
  });

  it('is impersonated by --as', async () => {
    const tenant = 'system:serviceaccount:shop:dev';
    const { findings } = explanationOf(await asAdmin('explain', 'web', '-n', 'shop', '--as', tenant, '-o', 'json'));
    expect(findings.map(({ code }) => code)).toContain('server-settings-unknown');
  });

  it('decides as the server does with what the chart gives its readers', async () => {
    const objects = render('default', { args: ['--no-hooks', '--set-json', `cli.readers=${EVERYONE}`] });
    const roles = objects.filter(
      ({ kind, metadata }) => (kind ?? '').startsWith('Role') && metadata?.name === 'agent-injector-cli',
    );
    expect(roles.map(({ kind }) => kind)).toEqual(['Role', 'RoleBinding']);
    for (const role of roles) await client.create(role);
    const explanation = await waitFor('the role to be in force', async () => {
      const found = explanationOf(await asTenant('explain', 'web', '-o', 'json'));
      expect(found.findings.map(({ code }) => code)).not.toContain('server-settings-unknown');
      return found;
    });
    expect(explanation.decision).toMatchObject({
      outcome: 'injected',
      containers: [{ profile: 'opentelemetry-java' }],
    });
  });
});

it('the ClusterRole for the command line is a part of view', async () => {
  await waitFor('the aggregation', async () => {
    const { rules } = await client.get<{ rules: readonly { resources?: readonly string[] }[] }>({
      kind: 'ClusterRole',
      name: 'view',
    });
    return rules.some(({ resources = [] }) => resources.includes('storageclasses'));
  });
});

describe('an administrator', () => {
  it('sees the replicas, the empty Secret and the versions of the installation', async () => {
    const ended = await asAdmin('check', '-o', 'json');
    expect(ended.code).toBe(1);
    const checks = checksOf(ended);
    const of = (name: string) => checks.filter((one) => one.name === name);
    expect(of('replicas')).toMatchObject([{ result: 'problem', message: expect.stringContaining('0 of 2 replicas') }]);
    expect(of('configuration')).toMatchObject([{ result: 'ok' }]);
    expect(of('certificate')).toMatchObject([{ result: 'problem', message: expect.stringContaining('no replica') }]);
    const { stdout } = await asAdmin('check');
    expect(stdout).toMatch(/\nStatus: not ready \(\d+ problems?/);
    expect((await asAdmin('certs')).stderr).toContain('no replica has started yet');
    expect((await asAdmin('version')).stdout).toMatch(/server +0\.1\.0 +zz-agent-injector +0 of 2 replicas ready/);
    expect((await asAdmin('check', '--wait', '3s')).code).toBe(1);
    expect((await asAdmin('check', '--pre')).stdout).toContain('Status: ready');
  });

  it('reads first that no new pod gets an agent while no replica has written a CA', async () => {
    const { stdout } = await asAdmin('explain', 'web', '-n', 'shop');
    expect(stdout).toMatch(/\n {2}new pods: not injected: .*\(calls-fail\)\n {2}otherwise: injected /);
    // A restart would not help.
    const audited = (await asAdmin('audit', '-n', 'shop')).stdout;
    expect(audited).toContain('(calls-fail)');
    expect(audited).not.toContain('rollout restart');
    expect((await asAdmin('status', '-n', 'shop')).stdout).toMatch(/ calls-fail$/m);
  });

  it('is told of a broken configuration by every command that cannot use it', async () => {
    await configure('defaults: {server-adress: x}\n');
    const checks = checksOf(await asAdmin('check', '-o', 'json'));
    expect(checks.find(({ name }) => name === 'configuration')).toMatchObject({
      result: 'problem',
      message: expect.stringContaining('did you mean "server-address"'),
    });
    expect((await asAdmin('explain', 'web', '-n', 'shop')).stdout).toContain('server-adress');
    expect((await asAdmin('audit', '-n', 'shop')).stderr).toContain('server-adress');
    expect((await asAdmin('status', '-n', 'shop')).stderr).toContain('server-adress');
    expect((await asAdmin('plan', '-n', 'shop', '--set', 'domain-id=1')).stdout).toContain('server-adress');
  });

  it('sees the profiles of the installed server', async () => {
    await configure('defaults: {profile: acme-java}\n');
    const profiles = { ...CONFIGURATION, name: 'agent-injector-profiles' };
    await client.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: profiles.name, namespace: profiles.namespace },
      data: { 'acme-java.yaml': profileText('acme-java', {}) },
    });
    const { decision, findings } = explanationOf(await asAdmin('explain', 'web', '-n', 'shop', '-o', 'json'));
    expect(findings.map(({ code }) => code)).not.toContain('server-settings-unknown');
    expect(decision.containers).toMatchObject([{ profile: 'acme-java' }]);
  });

  it('collects a bundle without secrets', async () => {
    const { code, stdout } = await asAdmin('dump', '-o', 'json');
    expect(code).toBe(0);
    const bundle = JSON.parse(stdout) as { servers: readonly { deployment: unknown; configuration: unknown }[] };
    expect(bundle.servers).toHaveLength(1);
    expect(stdout).toContain('acme-java');
    expect(stdout).not.toContain('managedFields');
    expect(stdout).not.toContain('"kind":"Secret"');
  });
});
