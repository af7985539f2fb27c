import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import type { ExplanationResult } from '../../src/cli/explain/result.ts';
import type { AuditReport } from '../../src/diagnostics/audit.ts';
import type { WorkloadStatus } from '../../src/diagnostics/workload-status.ts';
import type { Client, KubeObject } from '../support/client.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { ours } from '../support/injected-cluster.ts';
import { container, type Pod, podOf, podsOf, recordOf } from '../support/pod.ts';
import { run } from '../support/process.ts';
import { waitFor } from '../support/wait-for.ts';
import { tokenOf } from './installed-server.ts';

// A cluster in which no webhook of ours is installed, only exported policies: what the commands say of its pods, on a real API server.

const DOTNET = 'jennifer-dotnet.agent-injector.io';
const VALUES = { namespace: 'agents', name: 'values' };
const ADDRESS = 'server-address';

let controlPlane: ControlPlane;
let client: Client;

beforeAll(async () => {
  controlPlane = await startControlPlane();
  ({ client } = controlPlane);
  await client.createNamespace('early', { labels: ours({ injection: 'enabled' }) });
  await client.create(deployment('early', 'before'));
  await podsOf(client, { namespace: 'early', name: 'before' }, 1);
  await client.createNamespace(VALUES.namespace, {});
  await apply(
    'jennifer-dotnet',
    '--delivery',
    'preinstalled',
    '--param',
    `${ADDRESS}=apm.example.com`,
    ...only('dotnet'),
  );
  await apply(
    'jennifer-java',
    '--delivery',
    'preinstalled',
    '--params-configmap',
    `${VALUES.namespace}/${VALUES.name}`,
    ...only('java'),
  );
  for (const [name, team] of [
    ['shop', 'dotnet'],
    ['books', 'java'],
    ['other', 'none'],
  ] as const)
    await client.createNamespace(name, {
      labels: { ...ours({ injection: 'enabled' }), team },
      annotations: name === 'other' ? ours({ [ADDRESS]: 'other.example.com', delivery: 'preinstalled' }) : {},
    });
  await client.patch({ kind: 'Namespace', name: 'early' }, { metadata: { labels: { team: 'dotnet' } } });
  await waitFor('the policy', async () => recordOf(await created('shop')) !== undefined, { deadline: 60_000 });
  await client.create(deployment('shop', 'web'));
  await podsOf(client, { namespace: 'shop', name: 'web' }, 1);
}, 180_000);
afterAll(() => controlPlane?.stop());

const only = (team: string): readonly string[] => ['--namespace-selector', `team=${team}`];

async function apply(profile: string, ...flags: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run(['export', 'policy', '--profile', profile, ...flags]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const document of parseAllDocuments(stdout)) await client.create(document.toJS() as KubeObject);
}

function deployment(namespace: string, name: string): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [container('app')] } },
    },
  };
}

/** What the API server makes of a new pod, as a dry run. */
async function created(namespace: string, annotations: Record<string, string> = {}): Promise<Pod> {
  const { object } = await client.create<Pod>(podOf(namespace, 'any', { annotations }), { dryRun: true });
  return object;
}

async function jsonOf<T>(...args: readonly string[]): Promise<T> {
  const { stdout, stderr } = await run([...args, '-o', 'json', '--kubeconfig', controlPlane.kubeconfigPath]);
  if (stdout === '') throw new Error(`${args.join(' ')} printed nothing: ${stderr}`);
  return JSON.parse(stdout) as T;
}

async function explanationOf(namespace: string, target: string): Promise<ExplanationResult> {
  const { explained } = await jsonOf<{ explained: readonly ExplanationResult[] }>('explain', target, '-n', namespace);
  const [result] = explained;
  if (!result) throw new Error('nothing was explained');
  return result;
}

const codesIn = ({ findings }: Pick<ExplanationResult, 'findings'>): readonly string[] =>
  findings.map(({ code }) => code);

/** The values of a setting in an explanation, the one that wins first. */
const textsOf = ({ decision }: ExplanationResult, setting: string): readonly string[] =>
  decision.settings.filter((one) => one.setting === setting).flatMap(({ values }) => values.map(({ text }) => text));

describe('explain', () => {
  test('names the policy that injects new pods, and decides with its parameters and its delivery', async () => {
    const result = await explanationOf('shop', 'deploy/web');
    expect(result).toMatchObject({
      decision: { outcome: 'injected', containers: [{ profile: 'jennifer-dotnet', delivery: 'preinstalled' }] },
      pods: { total: 1, injected: 1, outdated: 0 },
    });
    expect(result.policies?.filter(({ injects }) => injects)).toMatchObject([{ name: DOTNET }]);
    expect(codesIn(result)).toEqual([]);
    expect(textsOf(result, ADDRESS)[0]).toBe('apm.example.com');
    const { stdout } = await run(['explain', 'deploy/web', '-n', 'shop', '--kubeconfig', controlPlane.kubeconfigPath]);
    expect(stdout).toContain(DOTNET);
    expect(stdout).not.toContain('not installed');
  });

  test('says what changes in a pod as the policy changes it', async () => {
    const { decision } = await explanationOf('early', 'deploy/before');
    const { spec } = await created('early');
    const names = decision.changes.containers.flatMap(({ environment }) => environment.map(({ name }) => name));
    expect(spec.containers[0]?.env?.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    expect(names.length).toBeGreaterThan(3);
  });

  test('says where no policy is for the pod, and why', async () => {
    await client.create(deployment('other', 'web'));
    const result = await explanationOf('other', 'deploy/web');
    expect(codesIn(result)).toContain('no-policy');
    expect(result.policies?.map(({ injects, why = '' }) => [injects, why.includes('team')])).toEqual([
      [false, true],
      [false, true],
    ]);
    expect(recordOf(await created('other'))).toBeUndefined();
  });
});

describe('status, audit and verify', () => {
  test('count the pods of a policy, and its gap', async () => {
    const { workloads } = await jsonOf<{ workloads: readonly WorkloadStatus[] }>('status', '-A');
    const of = (workload: string): WorkloadStatus | undefined => workloads.find((one) => one.workload === workload);
    expect(workloads.find(({ namespace }) => namespace === 'shop')).toMatchObject({
      injected: 1,
      outdated: 0,
      missing: 0,
      leftover: 0,
      whyNot: [],
    });
    // It is older than the policy: a restart closes the gap.
    expect(of('Deployment/before')).toMatchObject({ injected: 0, missing: 1, whyNot: [{ code: 'not-asked' }] });
    expect(workloads.find(({ namespace }) => namespace === 'other')).toMatchObject({
      missing: 0,
      whyNot: [{ code: 'no-policy' }],
    });
  });

  test('find what a restart helps, and what it does not', async () => {
    const { findings } = await jsonOf<AuditReport>('audit', '-A');
    const of = (wanted: string) => findings.filter(({ namespace }) => namespace === wanted);
    expect(of('shop')).toEqual([]);
    expect(of('early')).toMatchObject([{ kind: 'expected-not-injected', fix: expect.stringContaining('restart') }]);
    expect(of('other')[0]?.fix).toBeUndefined();
    expect(of('other')[0]?.message).toContain('(no-policy)');
  });

  test('look into a pod that does not run yet', async () => {
    const report = await jsonOf<{ verdict: string }>('verify', 'deploy/web', '-n', 'shop');
    expect(report.verdict).toBe('starting');
  });
});

describe('the values of a ConfigMap', () => {
  const settled = (name: string, wanted: (pod: Pod) => boolean): Promise<unknown> =>
    waitFor(name, async () => wanted(await created('books')), { deadline: 30_000 });
  const set = (data: Record<string, string>): Promise<unknown> =>
    client.patch({ kind: 'ConfigMap', ...VALUES }, { data });

  test('without it, pods start as they are, and explain says why', async () => {
    expect(recordOf(await created('books'))).toBeUndefined();
    await client.create(deployment('books', 'web'));
    const result = await explanationOf('books', 'deploy/web');
    expect(codesIn(result)).toContain('no-policy');
    expect(result.policies?.some(({ why = '' }) => why.includes(`${VALUES.namespace}/${VALUES.name}`))).toBe(true);
  });

  test('are in the next pod, and a change is in the one after', async () => {
    await client.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: VALUES,
      data: { [ADDRESS]: 'one.example.com' },
    });
    await settled('the first value', (pod) => JSON.stringify(pod).includes('one.example.com'));
    expect(textsOf(await explanationOf('books', 'deploy/web'), ADDRESS)[0]).toBe('one.example.com');
    await set({ [ADDRESS]: 'two.example.com' });
    await settled('the second value', (pod) => JSON.stringify(pod).includes('two.example.com'));
    expect(textsOf(await explanationOf('books', 'deploy/web'), ADDRESS)[0]).toBe('two.example.com');
  });

  test('are checked by their type', async () => {
    await set({ [ADDRESS]: 'not a host' });
    await settled('the wrong value', (pod) => recordOf(pod) === undefined);
    const { warnings } = await client.create(podOf('books', 'any', {}), { dryRun: true });
    expect(warnings.join()).toContain('invalid-value');
    expect((await explanationOf('books', 'deploy/web')).decision).toMatchObject({
      outcome: 'skipped',
      reason: { code: 'invalid-value' },
    });
  });

  test('give way to annotations', async () => {
    expect(JSON.stringify(await created('books', ours({ [ADDRESS]: 'own.example.com' })))).toContain('own.example.com');
  });
});

test('a user who may not list policies is told that it is not known whether one injects', async () => {
  const group = { apiGroup: 'rbac.authorization.k8s.io' };
  const binding = (name: string, role: string): KubeObject => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { ...group, kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', name: 'dev', namespace: 'shop' }],
  });
  for (const object of [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'dev', namespace: 'shop' } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'webhooks' },
      rules: [
        { apiGroups: ['admissionregistration.k8s.io'], resources: ['mutatingwebhookconfigurations'], verbs: ['list'] },
      ],
    },
    binding('dev-view', 'view'),
    binding('dev-webhooks', 'webhooks'),
  ])
    await client.create(object);
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-policies-'));
  try {
    const kubeconfig = join(dir, 'kubeconfig');
    const cluster = { server: controlPlane.url, 'certificate-authority': join(controlPlane.dir, 'ca.crt') };
    const file = {
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'dev', user: { token: await tokenOf(client, 'dev', 'shop') } }],
      contexts: [{ name: 'dev', context: { cluster: 'c', user: 'dev' } }],
      'current-context': 'dev',
    };
    writeFileSync(kubeconfig, stringify(file));
    const { stdout } = await run(['explain', 'deploy/web', '-n', 'shop', '-o', 'json', '--kubeconfig', kubeconfig]);
    const [result] = (JSON.parse(stdout) as { explained: readonly ExplanationResult[] }).explained;
    const codes = result?.findings.map(({ code }) => code);
    expect(codes).toContain('server-settings-unknown');
    expect(codes).not.toContain('not-installed');
    expect(result?.without).toBeDefined();
  } finally {
    rmSync(dir, { recursive: true });
  }
});
