import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Planned } from '../../src/cli/plan/text.ts';
import { objectsOf } from '../support/chart.ts';
import { ApiError, type Client, type KubeObject } from '../support/client.ts';
import { ours, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import type { Pod } from '../support/pod.ts';
import { run } from '../support/process.ts';
import { waitFor } from '../support/wait-for.ts';
import { BUILT } from './built.ts';

// Policies that others have published, in Deny. Each pod of an enabled namespace that one of them refuses because of what is added must have been
// announced by `plan --label-namespace --server-dry-run`. The policies are not part of this repository: ValidatingPolicies of kyverno/policies,
// as files, in the folder `policies` beside the injectors. The API server evaluates them as ValidatingAdmissionPolicies.

const folder = join(BUILT, 'policies');
/** The policies that refuse what deliveries and profiles add come first. */
const FIRST = new Set([
  'restrict-volume-types',
  'disallow-secrets-from-env-vars',
  'restrict-image-registries',
  'require-probes',
]);
const files = (existsSync(folder) ? readdirSync(folder) : [])
  .filter((name) => name.endsWith('.yaml'))
  .toSorted((one, other) => Number(isFirst(other)) - Number(isFirst(one)));

function isFirst(file: string): boolean {
  return FIRST.has(file.replace('.yaml', ''));
}

if (files.length === 0) console.log(`neighbours: published policies are not run: no files in ${folder}`);

/** `POLICIES=all` takes six minutes. */
const LEAST = 20;

const PROFILES = ['opentelemetry-java', 'newrelic-nodejs', 'jennifer-dotnet', 'elastic-java', 'opentelemetry-python'];

const SETTINGS = {
  'server-address': 'jennifer.example.com',
  'otlp-endpoint': 'http://collector:4318',
  'license-secret': 'license',
  'apm-server-url': 'http://apm:8200',
  'image-volumes': 'on',
};

const resources = { cpu: '100m', memory: '256Mi', 'ephemeral-storage': '1Gi' };
const probe = (path: string) => ({ httpGet: { path, port: 8080 } });
const LABELS = { 'app.kubernetes.io/name': 'app', app: 'app' };

/** A pod that keeps the rules of common policies by itself. */
const spec: Pod['spec'] = {
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 1001,
    runAsGroup: 1001,
    fsGroup: 1001,
    seccompProfile: { type: 'RuntimeDefault' },
  },
  automountServiceAccountToken: false,
  priorityClassName: '',
  containers: [
    {
      name: 'app',
      image: `eu.foo.io/app@sha256:${'0'.repeat(64)}`,
      imagePullPolicy: 'Always',
      ports: [{ name: 'http', containerPort: 8080 }],
      livenessProbe: probe('/live'),
      readinessProbe: probe('/ready'),
      startupProbe: probe('/started'),
      resources: { requests: resources, limits: resources },
      securityContext: {
        allowPrivilegeEscalation: false,
        privileged: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        capabilities: { drop: ['ALL'] },
      },
    },
  ],
};

interface Outcome {
  readonly policy: string;
  readonly announced: readonly string[];
  readonly lost: readonly string[];
}

describe.skipIf(files.length === 0)('published policies in Deny', () => {
  let cluster: InjectedCluster;
  let client: Client;
  beforeAll(async () => {
    cluster = await startInjectedCluster({ flags: { tenancy: 'open' } });
    ({ client } = cluster);
    await client.createNamespace('soon', { annotations: ours(SETTINGS) });
    await client.createNamespace('live', { annotations: ours(SETTINGS), labels: ours({ injection: 'enabled' }) });
    for (const namespace of ['soon', 'live'])
      for (const name of ['my-agent-file']) await client.create(claimFor(namespace, name));
    for (const profile of PROFILES) await client.create(deploymentOf(profile));
  });
  afterAll(() => cluster?.stop());

  const ref = (kind: string) => ({ apiVersion: 'admissionregistration.k8s.io/v1', kind });

  /** Installs the policy for the two namespaces. False if this API server does not accept it. */
  async function install(name: string, policy: KubeObject): Promise<boolean> {
    const { validationActions, evaluation, autogen, webhookConfiguration, ...rest } = policy['spec'] as Record<
      string,
      unknown
    >;
    const isProbe = `object.metadata.?annotations['probe'].orValue('') == '${name}'`;
    const validations = [
      ...(rest['validations'] as readonly object[]),
      { expression: `!(${isProbe})`, message: 'in force' },
    ];
    const conditions = (rest['matchConditions'] ?? []) as readonly {
      readonly name: string;
      readonly expression: string;
    }[];
    const matchConditions = conditions.map((one) => ({ ...one, expression: `(${one.expression}) || ${isProbe}` }));
    const matchConstraints = {
      namespaceSelector: {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['soon', 'live'] }],
      },
      resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
    };
    try {
      await client.create({
        ...ref('ValidatingAdmissionPolicy'),
        metadata: { name },
        spec: { ...rest, matchConstraints, matchConditions, validations },
      });
    } catch (error) {
      if (error instanceof ApiError) return false;
      throw error;
    }
    await client.create({
      ...ref('ValidatingAdmissionPolicyBinding'),
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    });
    await waitFor(`${name} to be in force`, async () => (await refusal('soon', { probe: name })) !== undefined);
    return true;
  }

  async function remove(name: string): Promise<void> {
    for (const kind of ['ValidatingAdmissionPolicyBinding', 'ValidatingAdmissionPolicy'])
      if (await client.find({ kind, name })) await client.delete({ kind, name });
    await waitFor(`${name} to be gone`, async () => (await refusal('soon', { probe: name })) === undefined);
  }

  /** Why a pod is not created; undefined if it is. */
  async function refusal(
    namespace: string,
    annotations: Readonly<Record<string, string>>,
  ): Promise<string | undefined> {
    const metadata = { generateName: 'app-', namespace, labels: LABELS, annotations };
    try {
      await client.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec }, { dryRun: true });
      return undefined;
    } catch (error) {
      if (error instanceof ApiError) return error.message;
      throw error;
    }
  }

  async function outcomeOf(name: string): Promise<Outcome | undefined> {
    // What it refuses without an agent says nothing about agents.
    if ((await refusal('soon', {})) !== undefined) return undefined;
    const { stdout } = await run([
      'plan',
      '--label-namespace',
      'soon',
      '--server-dry-run',
      '-o',
      'json',
      '--kubeconfig',
      cluster.controlPlane.kubeconfigPath,
    ]);
    const { planned } = JSON.parse(stdout) as { planned: readonly Planned[] };
    const announced = planned
      .filter(({ server }) => server !== undefined && server !== 'accepted')
      .map(({ workload }) => workload.replace('Deployment/', ''));
    const lost: string[] = [];
    for (const profile of PROFILES) if ((await refusal('live', ours({ profile }))) !== undefined) lost.push(profile);
    return { policy: name, announced: announced.toSorted(), lost: lost.toSorted() };
  }

  test('no pod is lost that was not announced', { timeout: 600_000 }, async () => {
    const outcomes: Outcome[] = [];
    for (const file of files) {
      const name = file.replace('.yaml', '');
      const policy = objectsOf(readFileSync(join(folder, file), 'utf8')).find(
        ({ kind }) => kind === 'ValidatingPolicy',
      );
      const isOfPods = JSON.stringify(policy?.['spec'] ?? {}).includes('"pods"');
      const isKept = outcomes.length < (process.env['POLICIES'] === 'all' ? Infinity : LEAST);
      if (!policy || !isOfPods || !isKept || !(await install(name, policy))) continue;
      const outcome = await outcomeOf(name);
      await remove(name);
      if (outcome) outcomes.push(outcome);
    }
    console.log(
      outcomes
        .map(({ policy, announced, lost }) => `${policy}: announced ${announced.length}, lost ${lost.length}`)
        .join('\n'),
    );
    expect(outcomes.length).toBeGreaterThanOrEqual(LEAST);
    expect(outcomes.filter(({ lost }) => lost.length > 0)).not.toEqual([]);
    for (const { policy, announced, lost } of outcomes) expect(lost, policy).toEqual(announced);
  });
});

function claimFor(namespace: string, name: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace },
    spec: { accessModes: ['ReadOnlyMany'], resources: { requests: { storage: '1Gi' } } },
  };
}

function deploymentOf(profile: string): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: profile, namespace: 'soon' },
    spec: {
      replicas: 0,
      selector: { matchLabels: LABELS },
      template: { metadata: { labels: LABELS, annotations: ours({ profile }) }, spec },
    },
  };
}
