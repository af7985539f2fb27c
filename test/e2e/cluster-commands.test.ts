import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { readFileSync } from 'node:fs';
import type { AuditReport } from '../../src/diagnostics/audit.ts';
import type { Check } from '../../src/diagnostics/checks/check.ts';
import type { Planned } from '../../src/cli/plan/text.ts';
import { run, type Ended } from '../support/process.ts';
import type { Client } from '../support/client.ts';
import { optedIn, ours, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { profileText } from '../support/mounted-directory.ts';
import { claimIn, container, podOf, podsOf } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';

let cluster: InjectedCluster;
let client: Client;
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-commands-'));
  cluster = await startInjectedCluster();
  client = cluster.client;
});
afterAll(async () => {
  rmSync(dir, { recursive: true });
  await cluster?.stop();
});

const ask = (...args: readonly string[]): Promise<Ended> =>
  run([...args, '--kubeconfig', cluster.controlPlane.kubeconfigPath]);

async function jsonOf<T>(code: number, ...args: readonly string[]): Promise<T> {
  const ended = await ask(...args, '-o', 'json');
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code, stderr: '' });
  return JSON.parse(ended.stdout) as T;
}

const deployment = (namespace: string, name: string, spec: object = { containers: [container('app')] }) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec },
  },
});

describe('audit', () => {
  it('finds pods from before the label was set; the printed command fixes them', async () => {
    await client.createNamespace('late', { annotations: optedIn().annotations });
    await client.create(claimIn('late'));
    await client.create(deployment('late', 'web'));
    await podsOf(client, { namespace: 'late', name: 'web' }, 2);
    expect(await jsonOf<AuditReport>(0, 'audit', '-n', 'late')).toMatchObject({ pods: 2, carrying: 0, findings: [] });
    await client.patch({ kind: 'Namespace', name: 'late' }, { metadata: { labels: ours({ injection: 'enabled' }) } });
    const { findings } = await jsonOf<AuditReport>(1, 'audit', '-n', 'late');
    const fix = 'kubectl -n late rollout restart deployment/web';
    expect(findings).toMatchObject([{ kind: 'expected-not-injected', workload: 'Deployment/web', pods: 2, fix }]);
    const { stdout } = await ask('audit', '-n', 'late');
    expect(stdout).toContain(`  $ ${fix}\n`);
    // As `kubectl rollout restart` does.
    const template = { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } };
    await client.patch(
      { kind: 'Deployment', namespace: 'late', name: 'web' },
      { spec: { template, strategy: { type: 'Recreate', rollingUpdate: null } } },
    );
    await waitFor('the audit to find nothing', async () => (await ask('audit', '-n', 'late')).code === 0);
  });

  it('finds an agent in a disabled namespace, a missing claim and a shared domain', async () => {
    for (const name of ['one', 'two']) {
      await client.createNamespace(name, optedIn({ 'domain-id': '77' }));
      await client.create(podOf(name, 'app'));
    }
    await client.create(claimIn('one'));
    await client.patch(
      { kind: 'Namespace', name: 'two' },
      { metadata: { labels: { 'agent-injector.io/injection': null } } },
    );
    const { findings } = await jsonOf<AuditReport>(1, 'audit', '-A');
    const of = (kind: string) => findings.filter((one) => one.kind === kind);
    expect(of('namespace-off')).toMatchObject([{ namespace: 'two', workload: 'Pod/app' }]);
    expect(of('claim-missing').filter(({ namespace }) => ['one', 'two'].includes(namespace))).toMatchObject([
      { namespace: 'two', message: 'the claim my-agent-file does not exist in namespace two' },
    ]);
    expect(of('value-shared')).toMatchObject([{ message: expect.stringContaining('domain-id 77') }]);
  });
});

describe('status', () => {
  it('shows what became of the pods of each workload, and the command that closes the gap', async () => {
    await client.createNamespace('parts', { annotations: optedIn().annotations });
    await client.create(claimIn('parts'));
    await client.create(deployment('parts', 'web'));
    await podsOf(client, { namespace: 'parts', name: 'web' }, 2);
    expect(await jsonOf(0, 'status', '-n', 'parts')).toMatchObject({ workloads: [] });
    await client.patch({ kind: 'Namespace', name: 'parts' }, { metadata: { labels: ours({ injection: 'enabled' }) } });
    await waitFor('the injector to know the label', async () => {
      const { object } = await client.create(podOf('parts', 'probe'), { dryRun: true });
      return JSON.stringify(object).includes('ARIES_');
    });
    await client.create(podOf('parts', 'bare'));
    expect(await jsonOf(0, 'status', '-n', 'parts')).toMatchObject({
      workloads: [
        {
          workload: 'Deployment/web',
          pods: 2,
          injected: 0,
          whyNot: [{ code: 'not-asked', pods: 2, from: 'now' }],
          fix: 'kubectl -n parts rollout restart deployment/web',
        },
        { workload: 'Pod/bare', pods: 1, injected: 1, outdated: 0 },
      ],
    });
    const { stdout } = await ask('status', '-A');
    expect(stdout).toMatch(/^NAMESPACE +WORKLOAD/);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    const labelled = await client.list<{ metadata: { name: string } }>({ kind: 'Pod', namespace: 'parts' });
    const names = labelled.filter((one) => JSON.stringify(one.metadata).includes('agent-injector.io/injected'));
    expect(names.map(({ metadata }) => metadata.name)).toEqual(['bare']);
  });

  it.each(['status', 'audit', 'explain web', 'plan --set domain-id=1'])(
    'of a namespace that does not exist, %s is an error',
    async (command) => {
      expect(await ask(...command.split(' '), '-n', 'nowhere-at-all')).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('namespace "nowhere-at-all" not found'),
      });
    },
  );

  it('and the others read the namespace of the context, and what the selector selects', async () => {
    const kubeconfig = join(dir, 'in-parts');
    const config = parse(readFileSync(cluster.controlPlane.kubeconfigPath, 'utf8')) as {
      contexts: { context: object }[];
    };
    const [context] = config.contexts;
    if (context) context.context = { ...context.context, namespace: 'parts' };
    writeFileSync(kubeconfig, stringify(config));
    const { stdout } = await run(['status', '--kubeconfig', kubeconfig, '-l', 'app=web', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ workloads: [{ namespace: 'parts', workload: 'Deployment/web' }] });
    const { explained } = JSON.parse(
      (await run(['explain', 'web', '--kubeconfig', kubeconfig, '-o', 'json'])).stdout,
    ) as { explained: readonly { subject: string; namespace: string }[] };
    expect(explained).toMatchObject([{ subject: 'Deployment/web', namespace: 'parts' }]);
  });
});

describe('plan', () => {
  it('previews a namespace label, and reports the pods that the API server would refuse', async () => {
    await client.createNamespace('soon', {
      labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
      annotations: optedIn().annotations,
    });
    await client.create(claimIn('soon'));
    const foreign = container('app', {
      env: [{ name: 'CORECLR_PROFILER', value: '{846F5F1C-F9AE-4B07-969E-05C26BC060D8}' }],
    });
    await client.create(deployment('soon', 'web'));
    await client.create(deployment('soon', 'other', { containers: [foreign] }));
    const { planned } = await jsonOf<{ planned: readonly Planned[] }>(
      1,
      'plan',
      '--label-namespace',
      'soon',
      '--server-dry-run',
    );
    expect(planned).toMatchObject([
      { workload: 'Deployment/other', verdict: 'conflict', message: expect.stringContaining('(foreign-profiler)') },
      // The API server refuses the pod, because `restricted` does.
      { workload: 'Deployment/web', verdict: 'pod-security', server: expect.stringContaining('violates PodSecurity') },
    ]);
    const without = await jsonOf<{ planned: readonly Planned[] }>(1, 'plan', '--label-namespace', 'soon');
    expect(without.planned.map(({ verdict }) => verdict)).toEqual(['conflict', 'gets']);
    expect(
      (await client.list({ kind: 'Pod', namespace: 'soon' })).every(
        ({ metadata }) => !metadata?.name?.includes('plan'),
      ),
    ).toBe(true);
  });

  it('previews a changed profile, and tells changed workloads from unchanged ones', async () => {
    await client.createNamespace('there', optedIn());
    await client.create(claimIn('there'));
    await client.create(deployment('there', 'web'));
    const document = parse(readFileSync('src/agents/jennifer-dotnet.yaml', 'utf8')) as {
      spec: { mounts: object[]; tests: unknown };
    };
    const same = join(dir, 'same.yaml');
    writeFileSync(same, stringify(document));
    const one = await jsonOf<{ planned: readonly Planned[] }>(0, 'plan', '--profile-file', same, '-n', 'there');
    expect(one.planned).toMatchObject([{ workload: 'Deployment/web', verdict: 'same' }]);
    const set = await jsonOf<{ planned: readonly Planned[] }>(0, 'plan', '--set', 'domain-id=4000', '-n', 'there');
    expect(set.planned).toMatchObject([
      {
        verdict: 'changes',
        changes: [{ what: 'container app: variable ARIES_DOMAIN_ID', before: '1000', after: '4000' }],
      },
    ]);
    const changed = join(dir, 'changed.yaml');
    document.spec.mounts = document.spec.mounts.map((mount) => ({ ...mount, readOnly: true }));
    delete document.spec.tests;
    writeFileSync(changed, stringify(document));
    const other = await jsonOf<{ planned: readonly Planned[] }>(0, 'plan', '--profile-file', changed, '-n', 'there');
    expect(other.planned).toMatchObject([{ workload: 'Deployment/web', verdict: 'changes' }]);
  });

  it('requires a change to preview', async () => {
    expect(await ask('plan')).toMatchObject({ code: 2, stderr: expect.stringContaining('--label-namespace') });
  });

  it('exits by what the change changes: a conflict that is there before and after counts for nothing', async () => {
    await client.patch({ kind: 'Namespace', name: 'soon' }, { metadata: { labels: ours({ injection: 'enabled' }) } });
    const unused = join(dir, 'unused.yaml');
    writeFileSync(unused, profileText('unused', {}));
    const { planned } = await jsonOf<{ planned: readonly Planned[] }>(0, 'plan', '--profile-file', unused, '-A');
    expect(planned.find(({ workload }) => workload === 'Deployment/other')).toMatchObject({ verdict: 'same' });
    await client.patch({ kind: 'Namespace', name: 'soon' }, { metadata: { labels: ours({ injection: 'off' }) } });
  });
});

describe('a policy that refuses what is added', () => {
  const POLICY = 'no-image-volumes.example.com';

  it('is told of before and after: by check, plan, explain and audit', async () => {
    const api = { apiVersion: 'admissionregistration.k8s.io/v1' };
    const policy = { kind: 'ValidatingAdmissionPolicy', metadata: { name: POLICY } };
    const bound = { kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: POLICY } };
    await client.create({
      ...api,
      ...policy,
      spec: {
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'strict' } },
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        },
        validations: [
          {
            expression: '!object.spec.?volumes.orValue([]).exists(volume, has(volume.image))',
            message: 'volumes of type image are not allowed',
          },
        ],
      },
    });
    await client.create({ ...api, ...bound, spec: { policyName: POLICY, validationActions: ['Deny'] } });
    const settings = { profile: 'opentelemetry-java', 'otlp-endpoint': 'http://collector:4318', 'image-volumes': 'on' };
    await client.createNamespace('strict', { annotations: ours(settings) });
    await client.create(deployment('strict', 'before'));
    const refused = expect.stringContaining('of type image are not allowed');
    await waitFor('the policy to be in force', async () => {
      const plan = await ask('plan', '--label-namespace', 'strict', '--server-dry-run', '-o', 'json');
      const { planned } = JSON.parse(plan.stdout) as { planned: readonly Planned[] };
      expect(planned).toMatchObject([{ workload: 'Deployment/before', server: refused }]);
      return true;
    });

    await client.patch({ kind: 'Namespace', name: 'strict' }, { metadata: { labels: ours({ injection: 'enabled' }) } });
    await client.create(deployment('strict', 'web'));
    const { explained } = await jsonOf<{ explained: readonly { dryRun?: string }[] }>(
      0,
      'explain',
      'deploy/web',
      '-n',
      'strict',
      '--server-dry-run',
    );
    expect(explained).toMatchObject([{ dryRun: refused }]);
    const lost = await waitFor('a workload without pods', async () => {
      const { stdout } = await ask('audit', '-n', 'strict', '-o', 'json');
      return (JSON.parse(stdout) as AuditReport).findings.find(({ kind }) => kind === 'not-created');
    });
    expect(lost).toMatchObject({ namespace: 'strict', workload: 'Deployment/web', message: refused });
    const { stdout } = await ask('check');
    expect(stdout).toMatch(/policies: .*no-image-volumes\.example\.com/);

    const excluded = ours({ 'exclude-deliveries': 'image' });
    await client.patch({ kind: 'Namespace', name: 'strict' }, { metadata: { annotations: excluded } });
    const cured = await ask('explain', 'deploy/web', '-n', 'strict', '--server-dry-run', '-o', 'json');
    expect(JSON.parse(cured.stdout)).toMatchObject({ explained: [{ dryRun: 'accepted' }] });
    await client.delete({ ...bound, name: POLICY });
    await client.delete({ ...policy, name: POLICY });
  });
});

describe('check', () => {
  it('reports on a cluster with agent-injector: a pod is injected, and a colliding webhook is named', async () => {
    const before = await ask('check', '-o', 'json');
    const checksOf = ({ stdout }: Ended): readonly Check[] =>
      (JSON.parse(stdout) as { checks: readonly Check[] }).checks;
    const of = (ended: Ended, name: string): readonly Check[] =>
      checksOf(ended).filter((check) => check.name.startsWith(name));
    expect(of(before, 'version')).toMatchObject([{ result: 'ok' }]);
    expect(of(before, 'permission').every(({ result }) => result === 'ok')).toBe(true);
    expect(of(before, 'reach')).toMatchObject([
      { result: 'ok', message: expect.stringContaining('has a status annotation') },
    ]);
    expect(of(before, 'other injectors')).toMatchObject([{ result: 'ok' }]);
    // A server may have profiles that this command does not.
    await client.createNamespace('team', optedIn({ profile: 'team-java' }));
    expect(of(await ask('check', '-o', 'json'), 'sample pod')).toContainEqual(
      expect.objectContaining({ result: 'unknown', message: expect.stringMatching(/team: .*team-java/) }),
    );
    await client.create({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'dynatrace-webhook' },
      webhooks: [
        {
          name: 'webhook.pod.dynatrace.com',
          clientConfig: { url: 'https://127.0.0.1:1/' },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
          namespaceSelector: { matchLabels: { never: 'matches' } },
          failurePolicy: 'Ignore',
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    });
    const after = await ask('check', '-o', 'json');
    expect(after.code).toBe(1);
    expect(of(after, 'other injectors')).toMatchObject([
      { result: 'problem', message: expect.stringContaining('Dynatrace') },
    ]);
    const { stdout } = await ask('check');
    expect(stdout).toContain('✗ other injectors: dynatrace-webhook');
  });

  it('finds a missing claim, and a misspelled namespace, as audit does', async () => {
    await client.createNamespace('almost', { labels: ours({ injection: 'enable' }) });
    await client.createNamespace('claimless', optedIn());
    const { stdout } = await ask('check', '-o', 'json');
    const { checks } = JSON.parse(stdout) as { checks: readonly Check[] };
    expect(checks.filter(({ name }) => name === 'label')).toContainEqual(
      expect.objectContaining({ result: 'problem', hint: expect.stringContaining('kubectl label namespace almost') }),
    );
    expect(checks.filter(({ name }) => name === 'claim')).toContainEqual(
      expect.objectContaining({
        message: expect.stringMatching(/claimless: .*starts without the agent.*my-agent-file/),
      }),
    );
    const misspelled = await jsonOf<AuditReport>(1, 'audit', '-n', 'almost');
    expect(misspelled.findings).toMatchObject([{ kind: 'namespace-mislabelled', namespace: 'almost' }]);
    expect((await ask('audit', '-n', 'almost', '--fail-on', 'not-created')).code).toBe(0);
    expect((await ask('audit', '-n', 'almost', '--suppress', 'namespace-mislabelled')).code).toBe(0);
  });

  it('reports that the API server does not reach the webhook', async () => {
    await cluster.injector.stop();
    const { code, stdout } = await ask('check');
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ reach: .* has no status annotation/);
  });
});
