import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explain } from '../../src/cli/explain/explain.ts';
import type { ExplanationResult } from '../../src/cli/explain/result.ts';
import { outputText } from '../../src/cli/program/output.ts';
import { status } from '../../src/cli/status/status.ts';
import { verify } from '../../src/cli/verify/verify.ts';
import { breakerKey, breakerText } from '../../src/api/breaker.ts';
import type { LivenessReport } from '../../src/diagnostics/liveness/report.ts';
import type { WorkloadStatus } from '../../src/diagnostics/workload-status.ts';
import type { Client } from '../support/client.ts';
import { optedIn, ours, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { claimIn, container, podOf, podsOf, type Pod } from '../support/pod.ts';
import { breakerCase } from '../support/observed.ts';
import { waitFor } from '../support/wait-for.ts';
import { tokenOf } from './installed-server.ts';

// What explain, status and verify say first, for each mistake that a team makes and for each way in which a pod came to be: it must be true.

let cluster: InjectedCluster;
let client: Client;
let kubeconfig: string;
/** That of the server: its webhook has a URL here, and names no Service by which the configuration could be found. */
let config: string;
beforeAll(async () => {
  cluster = await startInjectedCluster({ flags: { checks: 'claims' } });
  client = cluster.client;
  kubeconfig = cluster.controlPlane.kubeconfigPath;
  config = join(cluster.controlPlane.dir, 'agent-injector.yaml');
  writeFileSync(config, 'configMapKeys: true\n');
  await Promise.all(rows.map(createCase));
});
afterAll(() => cluster?.stop());

const OFFLINE = { config: undefined, profiles: undefined, kubernetes: undefined, revision: undefined };
const EXPLAIN = { ...OFFLINE, namespaces: undefined, profile: undefined, set: [], output: 'text' as const };

/** The lines of `explain`, without the subject. */
async function explained(target: string, namespace: string): Promise<readonly string[]> {
  const { output } = await explain({ ...EXPLAIN, targets: [target], namespace, kubeconfig, config });
  const [, ...lines] = outputText(output).split('\n');
  return lines.map((line) => line.trim());
}

async function explainedAsJson(target: string, namespace: string): Promise<ExplanationResult> {
  const { output } = await explain({ ...EXPLAIN, targets: [target], namespace, kubeconfig, config, output: 'json' });
  return (JSON.parse(outputText(output)) as { explained: readonly [ExplanationResult] }).explained[0];
}

async function statusOf(namespace: string, at?: string): Promise<readonly WorkloadStatus[]> {
  const { output } = await status({ ...OFFLINE, config: at, namespace, kubeconfig, output: 'json' });
  return (JSON.parse(outputText(output)) as { workloads: readonly WorkloadStatus[] }).workloads;
}

async function verified(target: string, namespace: string): Promise<LivenessReport> {
  const { output } = await verify({ ...OFFLINE, targets: [target], namespace, kubeconfig, timeout: 1, output: 'json' });
  return JSON.parse(outputText(output)) as LivenessReport;
}

const deployment = (namespace: string, rest: Omit<Row, 'name' | 'expect'>, replicas = 1) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace, annotations: ours(rest.own ?? {}) },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web', ...rest.labels }, annotations: ours(rest.template ?? {}) },
      spec: rest.spec ?? { containers: [container('app')] },
    },
  },
});

interface Row {
  readonly name: string;
  readonly namespace?: { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> };
  /** Annotations of the Deployment itself. */
  readonly own?: Readonly<Record<string, string>>;
  /** Annotations of its pod template. */
  readonly template?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: Pod['spec'];
  readonly isClaimless?: true;
  readonly expect: {
    /** Undefined: the pods are injected. */
    readonly code?: string;
    /** What the explanation also says. */
    readonly says?: string;
    /** False if `status` does not show the workload. */
    readonly isShown?: false;
    readonly isRefused?: true;
  };
}

const plain = optedIn();
const datadog = { name: 'CORECLR_PROFILER', value: '{846F5F1C-F9AE-4B07-969E-05C26BC060D8}' };

const rows: readonly Row[] = [
  { name: 'misspelled annotation', template: { 'domian-id': '3' }, expect: { says: 'did you mean "domain-id"' } },
  {
    name: 'misspelled profile',
    template: { profile: 'jenifer-dotnet' },
    expect: { code: 'unknown-profile', says: 'the profiles of the server other than the built-in ones' },
  },
  { name: 'invalid value', template: { 'domain-id': '99999' }, expect: { code: 'invalid-value' } },
  {
    name: 'annotation on the Deployment',
    namespace: { labels: plain.labels },
    own: { 'server-address': 'x.example.com' },
    expect: { code: 'missing-parameter', says: 'move it to the pod template' },
  },
  {
    name: 'opted out by label',
    labels: ours({ injection: 'disabled' }),
    expect: { code: 'opted-out', says: 'the API server never calls agent-injector' },
  },
  { name: 'opted out by annotation', template: { inject: 'false' }, expect: { code: 'opted-out' } },
  {
    name: 'Windows',
    spec: { containers: [container('app')], nodeSelector: { 'kubernetes.io/os': 'windows' } },
    expect: { code: 'os-unsupported' },
  },
  {
    name: 'another agent',
    spec: { containers: [container('app', { env: [datadog] })] },
    expect: { code: 'foreign-profiler', says: 'Datadog' },
  },
  {
    name: 'misspelled label value',
    namespace: { labels: ours({ injection: 'enable' }), annotations: plain.annotations },
    expect: { code: 'namespace-not-enabled', says: '--overwrite', isShown: false },
  },
  {
    name: 'misspelled label key',
    namespace: { labels: { 'agent-injecter.io/injection': 'enabled' }, annotations: plain.annotations },
    expect: { code: 'namespace-not-enabled', isShown: false },
  },
  {
    name: 'annotation instead of a label',
    namespace: { annotations: { ...plain.annotations, ...ours({ injection: 'enabled' }) } },
    expect: { code: 'namespace-not-enabled', isShown: false },
  },
  {
    name: 'not opted in',
    namespace: { annotations: plain.annotations },
    expect: { code: 'namespace-not-enabled', says: '$ kubectl label namespace', isShown: false },
  },
  { name: 'no claim', isClaimless: true, expect: { code: 'claim-unusable' } },
  {
    name: 'required without its parameter',
    namespace: { labels: ours({ injection: 'required' }) },
    expect: { code: 'missing-parameter', isRefused: true, isShown: false },
  },
  {
    name: 'Pod Security',
    namespace: {
      labels: { ...plain.labels, 'pod-security.kubernetes.io/enforce': 'baseline' },
      annotations: { ...plain.annotations, ...ours({ delivery: 'hostPath', 'host-path': '/opt/agent' }) },
    },
    expect: { code: 'delivery-not-possible' },
  },
  { name: 'no such container', template: { containers: 'api' }, expect: { code: 'no-target-container' } },
  { name: 'enabled on the pod', labels: ours({ injection: 'enabled' }), expect: {} },
  { name: 'inject no', template: { inject: 'no' }, expect: { code: 'invalid-value' } },
  {
    name: 'Alpine',
    spec: { containers: [container('app', { image: 'registry.example.com/app:1-alpine' })] },
    expect: { code: 'libc-unsupported' },
  },
  {
    name: 'two profiles, one without its parameter',
    template: { profile: 'jennifer-dotnet,opentelemetry-java' },
    expect: { says: 'missing-parameter' },
  },
];

const namespaceOf = ({ name }: Row): string => name.toLowerCase().replaceAll(/[^a-z]+/g, '-');

async function createCase(row: Row): Promise<void> {
  const namespace = namespaceOf(row);
  await client.createNamespace(namespace, row.namespace ?? plain);
  if (!row.isClaimless) await client.create(claimIn(namespace));
  await client.create(deployment(namespace, row));
}

describe('each mistake', () => {
  test.each(rows)('$name: the first lines of explain, status and verify are true', async (row) => {
    const namespace = namespaceOf(row);
    const { code, says, isShown = true, isRefused } = row.expect;
    if (!isRefused) await podsOf(client, { namespace, name: 'web' }, 1);
    const lines = await explained('deploy/web', namespace);
    const outcome = isRefused ? 'refused' : 'not injected';
    if (code === undefined) expect(lines[0]).toMatch(/^new pods: injected jennifer-dotnet into container app/);
    else expect(lines[0]).toMatch(new RegExp(`^new pods: ${outcome}: .*\\(${code}\\)$`));
    if (says !== undefined) expect(lines.join('\n')).toContain(says);
    const running = isRefused ? 'none' : `${code === undefined ? 1 : 0} of 1 carry an agent`;
    expect(lines).toContain(`running pods: ${running}`);
    const statuses = await statusOf(namespace);
    for (const one of statuses) expect(one.states).not.toHaveProperty('alive');
    if (!isShown) expect(statuses).toEqual([]);
    else if (code === undefined) expect(statuses).toMatchObject([{ pods: 1, injected: 1, whyNot: [] }]);
    else expect(statuses).toMatchObject([{ pods: 1, injected: 0, whyNot: [{ code, pods: 1 }] }]);
    const { code: verdict } = await verified('deploy/web', namespace);
    expect(verdict).toBe(isRefused ? 'no-pods' : code === undefined ? 'starting' : 'not-injected');
  });
});

const RESTART = 'kubectl -n mixed rollout restart deployment/web';

/** A Deployment with a pod from before the label, one from before the claim, and one that carries the agent. */
async function createMixed(): Promise<{ readonly [how in 'unasked' | 'skipped' | 'carrying']: string }> {
  const scaled = async (count: number): Promise<readonly string[]> => {
    await client.patch({ kind: 'Deployment', namespace: 'mixed', name: 'web' }, { spec: { replicas: count } });
    return (await podsOf(client, { namespace: 'mixed', name: 'web' }, count)).map(
      ({ metadata }) => metadata?.name ?? '',
    );
  };
  await client.createNamespace('mixed', { annotations: plain.annotations });
  await client.create(deployment('mixed', {}));
  const [unasked = ''] = await scaled(1);
  await client.patch({ kind: 'Namespace', name: 'mixed' }, { metadata: { labels: plain.labels } });
  await probed('the injector to ask for the claim', 'claim-unusable');
  const skipped = (await scaled(2)).find((name) => name !== unasked) ?? '';
  await client.create(claimIn('mixed'));
  await probed('the injector to know the claim', '"injected"');
  const carrying = (await scaled(3)).find((name) => name !== unasked && name !== skipped) ?? '';
  return { unasked, skipped, carrying };
}

function probed(what: string, text: string): Promise<unknown> {
  return waitFor(what, async () => {
    const { object } = await client.create(podOf('mixed', 'probe'), { dryRun: true });
    return object.metadata?.annotations?.['agent-injector.io/status']?.includes(text);
  });
}

describe('pods of one Deployment that came to be in three ways', () => {
  let pods: Awaited<ReturnType<typeof createMixed>>;
  beforeAll(async () => {
    pods = await createMixed();
  });

  test('the one that carries the agent', async () => {
    const lines = await explained(`pod/${pods.carrying}`, 'mixed');
    expect(lines[0]).toBe('injected when it was created: jennifer-dotnet into container app by persistentVolumeClaim');
    expect(lines.join('\n')).not.toMatch(/not injected|remove/i);
    expect(await verified(`pod/${pods.carrying}`, 'mixed')).toMatchObject({ code: 'starting' });
  });

  test('the one that was skipped: why, what would happen now, and the command that closes the gap', async () => {
    const lines = await explained(`pod/${pods.skipped}`, 'mixed');
    expect(lines[0]).toMatch(/^not injected when it was created: claim my-agent-file .* \(claim-unusable\)$/);
    expect(lines.slice(1, 3)).toEqual([
      'if it were created now:',
      'injected jennifer-dotnet into container app by persistentVolumeClaim',
    ]);
    expect(lines).toContain(`$ ${RESTART}`);
    expect(await verified(`pod/${pods.skipped}`, 'mixed')).toMatchObject({
      code: 'not-injected',
      message: expect.stringContaining('claim-unusable'),
    });
  });

  test('the one that agent-injector was not asked about', async () => {
    const lines = await explained(`pod/${pods.unasked}`, 'mixed');
    expect(lines[0]).toMatch(/^not injected when it was created: /);
    expect(lines).toContain(`$ ${RESTART}`);
    expect(await verified(`pod/${pods.unasked}`, 'mixed')).toMatchObject({ code: 'not-injected' });
  });

  test('the Deployment', async () => {
    const lines = await explained('deploy/web', 'mixed');
    expect(lines.slice(0, 2)).toEqual([
      'new pods: injected jennifer-dotnet into container app by persistentVolumeClaim',
      'running pods: 1 of 3 carry an agent',
    ]);
    expect(lines).toContain(`$ ${RESTART}`);
    expect(await statusOf('mixed')).toMatchObject([{ pods: 3, injected: 1, fix: RESTART }]);
    expect(await verified('deploy/web', 'mixed')).toMatchObject({
      code: 'not-injected',
      message: expect.stringMatching(/^2 of 3 pods/),
    });
  });

  test('the one that carries the agent is not advised to lose it when another profile is chosen', async () => {
    const chosen = {
      metadata: { annotations: ours({ profile: 'opentelemetry-dotnet', 'otlp-endpoint': 'http://x:4318' }) },
    };
    await client.patch({ kind: 'Namespace', name: 'mixed' }, chosen);
    const { decision, decisionOn, carries } = await explainedAsJson(`pod/${pods.carrying}`, 'mixed');
    expect(carries).toMatchObject([{ profile: 'jennifer-dotnet' }]);
    expect(decisionOn).toBe('Deployment/web');
    expect(decision.containers).toMatchObject([{ profile: 'opentelemetry-dotnet' }]);
    expect((await explained(`pod/${pods.carrying}`, 'mixed')).join('\n')).not.toMatch(/remove/i);
  });
});

const statusWith = (reported: object): object => ({
  status: {
    phase: 'Running',
    containerStatuses: [{ name: 'app', image: 'x', imageID: 'x', ready: false, restartCount: 0, ...reported }],
  },
});
const states = [
  ['runs where nothing can be read', { state: { running: { startedAt: '2026-01-01T00:00:00Z' } } }, 'not-readable', 3],
  [
    'crashes',
    {
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 139, reason: 'Error' } },
      restartCount: 4,
    },
    'crashed',
    1,
  ],
  ['has no image', { state: { waiting: { reason: 'ImagePullBackOff', message: 'not found' } } }, 'image-not-pulled', 1],
  ['had too little memory', { state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }, 'out-of-memory', 1],
] as const;

describe('verify', () => {
  beforeAll(async () => {
    await client.createNamespace('states', optedIn());
    await client.create(claimIn('states'));
  });

  test.each(states)('of a pod that %s: one verdict, and its exit code', async (name, reported, code, exitCode) => {
    const pod = name.replaceAll(' ', '-');
    await client.create(podOf('states', pod));
    await client.patch({ kind: 'Pod', namespace: 'states', name: pod }, statusWith(reported), {
      subresource: 'status',
    });
    const result = await verify({
      ...OFFLINE,
      targets: [`pod/${pod}`],
      namespace: 'states',
      kubeconfig,
      timeout: 1,
      output: 'text',
    });
    expect(outputText(result.output)).toContain(`(${code})`);
    expect(result.exitCode).toBe(exitCode);
  });

  test('in status shows no pod as alive in which nothing could be read, and says why', async () => {
    const { output } = await status({ ...OFFLINE, namespace: 'states', kubeconfig, verify: true, output: 'json' });
    const { workloads, notes } = JSON.parse(outputText(output)) as {
      workloads: readonly WorkloadStatus[];
      notes: readonly string[];
    };
    const ofPod = (name: string) => workloads.find(({ workload }) => workload === `Pod/${name}`)?.states;
    expect(ofPod('runs-where-nothing-can-be-read')).toEqual({ running: 1 });
    expect(ofPod('crashes')).toEqual({ crashing: 1 });
    expect(ofPod('had-too-little-memory')).toEqual({ 'out-of-memory': 1 });
    expect(notes.join()).toContain('no sign of life could be looked for: 1: ');
  });

  test('waits no longer than its timeout for a pod that does not start', async () => {
    await client.create(podOf('states', 'pending'));
    const started = performance.now();
    const options = { ...OFFLINE, targets: ['pod/pending'], namespace: 'states', kubeconfig, output: 'yaml' as const };
    const result = await verify({ ...options, wait: true, timeout: 3 });
    expect(result.exitCode).toBe(1);
    expect(outputText(result.output)).toContain('code: starting');
    const took = performance.now() - started;
    expect(took).toBeGreaterThan(3000);
    expect(took).toBeLessThan(15_000);
  });

  test('that could not look is exit code 3, and a name that means nothing is a usage error', async () => {
    const options = { ...OFFLINE, namespace: 'states', kubeconfig, timeout: 1, output: 'text' as const };
    expect(await verify({ ...options, targets: ['deploy/nowhere'] })).toMatchObject({
      exitCode: 3,
      messages: [expect.stringContaining('404')],
    });
    await expect(verify({ ...options, targets: ['deplyo/web'] })).rejects.toThrow('did you mean "deploy"');
  });
});

describe('a circuit breaker', () => {
  const namespace = 'broken';
  const webs = { ...breakerCase({ namespace, stops: false }), why: 'they crash' };
  let withBreaker: string;
  beforeAll(async () => {
    await client.createNamespace(namespace, optedIn());
    await client.create(claimIn(namespace));
    await client.create(deployment(namespace, {}));
    await podsOf(client, { namespace, name: 'web' }, 1);
    await client.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'breaker', namespace },
      data: { [breakerKey(webs)]: breakerText(webs) },
    });
    withBreaker = join(cluster.controlPlane.dir, 'with-breaker.yaml');
    writeFileSync(withBreaker, `breaker: ${namespace}/breaker\n`);
  });

  test('is told by status, explain and verify of its workload, and of no other', async () => {
    const on = { ...OFFLINE, kubeconfig, config: withBreaker };
    const { output } = await status({ ...on, namespace, output: 'json' });
    const { workloads } = JSON.parse(outputText(output)) as { workloads: readonly WorkloadStatus[] };
    expect(workloads).toMatchObject([{ injected: 1, states: { starting: 1 }, breakers: [webs] }]);
    const texts = async (at: string): Promise<readonly string[]> => [
      outputText((await explain({ ...EXPLAIN, ...on, targets: ['deploy/web'], namespace: at })).output),
      outputText((await verify({ ...on, targets: ['deploy/web'], namespace: at, timeout: 1, output: 'text' })).output),
    ];
    for (const text of await texts(namespace))
      expect(text).toMatch(/! circuit breaker of Deployment\/web .*they crash/);
    for (const text of await texts('enabled-on-the-pod')) expect(text).not.toContain('circuit breaker');
  });

  test('that may not be read is not said to be closed', async () => {
    writeFileSync(withBreaker, 'breaker: nowhere/breaker\n');
    const closed = await statusOf(namespace, withBreaker);
    expect(closed).toMatchObject([{ breakers: [] }]);
    expect((await statusOf(namespace))[0]).not.toHaveProperty('breakers');
  });
});

describe('a tenant with the role edit', () => {
  test('is told that the server, its configuration and its webhook cannot be seen', async () => {
    const namespace = 'tenant';
    await client.createNamespace(namespace, optedIn());
    await client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'dev', namespace } });
    await client.create({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'dev', namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: [{ kind: 'ServiceAccount', name: 'dev', namespace }],
    });
    await client.create(claimIn(namespace));
    await client.create(deployment(namespace, {}));
    const as = await tenantKubeconfig(namespace);
    const { output } = await waitFor('the rights of the tenant', () =>
      explain({ ...EXPLAIN, targets: ['deploy/web'], namespace, kubeconfig: as }),
    );
    const [, first, ...others] = outputText(output).split('\n');
    expect(first).toMatch(/^ {2}new pods, without the settings of the server: injected /);
    for (const unseen of [
      'list webhook configurations',
      'you may read neither .*: what the server would decide is not known',
    ])
      expect(others.join('\n')).toMatch(new RegExp(`! .*${unseen}`));
  });
});

async function tenantKubeconfig(namespace: string): Promise<string> {
  const { url, dir } = cluster.controlPlane;
  const path = join(dir, 'tenant.kubeconfig');
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'e', cluster: { server: url, 'certificate-authority': join(dir, 'ca.crt') } }],
    users: [{ name: 'e', user: { token: await tokenOf(client, 'dev', namespace) } }],
    contexts: [{ name: 'e', context: { cluster: 'e', user: 'e' } }],
    'current-context': 'e',
  };
  writeFileSync(path, stringify(content), { mode: 0o600 });
  return path;
}
