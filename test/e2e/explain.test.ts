import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExplanationResult } from '../../src/cli/explain/result.ts';
import { run, type Ended } from '../support/process.ts';
import { examplesOf, expectPrinted } from '../support/doc-examples.ts';
import type { Client } from '../support/client.ts';
import { optedIn, ours, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { claimIn, container, podOf, podsOf } from '../support/pod.ts';

let cluster: InjectedCluster;
let client: Client;
let config: string;
beforeAll(async () => {
  cluster = await startInjectedCluster();
  config = join(cluster.controlPlane.dir, 'agent-injector.yaml');
  writeFileSync(config, 'configMapKeys: true\n');
  client = cluster.client;
});
afterAll(() => cluster?.stop());

/** The webhook of these tests has a URL: it names no Service by which the configuration of the server could be found. */
const ask = (...args: readonly string[]): Promise<Ended> =>
  run(['explain', ...args, '--kubeconfig', cluster.controlPlane.kubeconfigPath, '--config', config]);

const explainOf = async (...args: readonly string[]): Promise<ExplanationResult> => {
  const { code, stdout, stderr } = await ask(...args, '-o', 'json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [explained] = (JSON.parse(stdout) as { explained: readonly [ExplanationResult] }).explained;
  return explained;
};

const deployment = (
  namespace: string,
  name: string,
  annotations: { own?: Record<string, string>; template?: Record<string, string> } = {},
) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace, annotations: annotations.own ?? {} },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name }, annotations: annotations.template ?? {} },
      spec: { containers: [container('app')] },
    },
  },
});

describe('explain on a cluster', () => {
  it('explains a namespace without the label as docs/explain.md shows, and names the command that fixes it', async () => {
    const example = examplesOf('explain.md').find(({ kind }) => kind === 'cluster');
    if (!example) throw new Error('docs/explain.md has no example on a cluster');
    await client.createNamespace('shop', { annotations: optedIn().annotations });
    await client.create(claimIn('shop'));
    await client.create(deployment('shop', 'web'));
    const [pod] = await podsOf(client, { namespace: 'shop', name: 'web' }, 1);
    const { code, stdout } = await ask(...example.args.slice(1));
    expect(code).toBe(0);
    expectPrinted(stdout, example);
    const [, key = '', value = ''] = /\$ kubectl label namespace shop (\S+)=(\S+)\n/.exec(stdout) ?? [];
    await client.patch({ kind: 'Namespace', name: 'shop' }, { metadata: { labels: { [key]: value } } });
    const fixed = await explainOf('deploy/web', '-n', 'shop');
    expect(fixed.decision.outcome).toBe('injected');
    expect(fixed.apiServer?.map(({ called }) => called)).toEqual(['yes']);
    // The existing pod would be injected now; the webhook was not called when it was created.
    const before = await explainOf(`pod/${pod.metadata?.name ?? ''}`, '-n', 'shop');
    expect(before.decision.outcome).toBe('injected');
    expect(before.findings).toMatchObject([
      { code: 'not-asked-then', fix: 'kubectl -n shop rollout restart deployment/web' },
    ]);
  });

  it('shows the record on an injected pod, and the decision that would be made now', async () => {
    await client.createNamespace('carries', optedIn());
    await client.create(podOf('carries', 'app'));
    const explanation = await explainOf('pod/app', '-n', 'carries');
    expect(explanation.recorded).toMatchObject({ decision: 'injected' });
    expect(explanation.decision.reason?.code).toBe('already-instrumented');
    expect(explanation.carries).toMatchObject([{ container: 'app', profile: 'jennifer-dotnet' }]);
    const { stdout } = await ask('pod/app', '-n', 'carries');
    expect(stdout.split('\n')[1]).toBe(
      '  injected when it was created: jennifer-dotnet into container app by persistentVolumeClaim',
    );
    expect(stdout).not.toMatch(/not injected|remove/);
    expect(explanation.findings).toEqual([]);
  });

  it('names the selector because of which the API server does not call the webhook', async () => {
    await client.createNamespace('opted', optedIn());
    await client.create(claimIn('opted'));
    await client.create(podOf('opted', 'out', { labels: ours({ injection: 'disabled' }) }));
    const explanation = await explainOf('po/out', '-n', 'opted');
    expect(explanation.apiServer).toMatchObject([{ called: 'no' }]);
    expect(explanation.findings[0]).toMatchObject({ code: 'never-called' });
    expect(explanation.findings[0]?.message).toContain(
      'its objectSelector requires agent-injector.io/injection not in (disabled)',
    );
  });

  it('finds an annotation on the Deployment instead of its template, and a misspelled label', async () => {
    await client.createNamespace('near', { labels: ours({ injection: 'enable' }) });
    await client.create(deployment('near', 'web', { own: ours({ 'server-address': 'x.example.com' }) }));
    const { findings } = await explainOf('deployments.apps/web', '-n', 'near');
    expect(findings.map(({ code }) => code)).toEqual(['namespace-not-enabled', 'misplaced-key']);
    expect(findings[0]?.message).toContain('did you mean "agent-injector.io/injection=enabled"?');
  });

  it('uses the keys of a ConfigMap', async () => {
    await client.createNamespace('keys', optedIn());
    await client.create(claimIn('keys'));
    const data = { CORECLR_ENABLE_PROFILING: '0' };
    await client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'env', namespace: 'keys' }, data });
    const spec = { containers: [container('app', { envFrom: [{ configMapRef: { name: 'env' } }] })] };
    await client.create({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db', namespace: 'keys' },
      spec: {
        serviceName: 'db',
        replicas: 0,
        selector: { matchLabels: { app: 'db' } },
        template: { metadata: { labels: { app: 'db' } }, spec },
      },
    });
    const explanation = await explainOf('sts/db', '-n', 'keys');
    // Only with the keys is it known that the ConfigMap sets the variable.
    expect(explanation.decision.reason?.code).toBe('conflicting-variable');
  });

  it('fails for an object that does not exist, and for an invalid argument', async () => {
    const absent = await ask('deploy/nowhere', '-n', 'shop');
    expect(absent).toMatchObject({ code: 3, stdout: '' });
    expect(absent.stderr).toContain('Deployment shop/nowhere: the API server answered 404');
    expect(await ask('deplyo/web')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean "deploy"?'),
    });
    expect(await ask('deploy/')).toMatchObject({ code: 2, stderr: expect.stringContaining('must be KIND/NAME') });
    expect(await ask('deploy', '-n', 'kube-public')).toMatchObject({ code: 3, stdout: '' });
  });

  it('reports a claim that does not exist', async () => {
    await client.createNamespace('claimless', optedIn());
    await client.create(deployment('claimless', 'web'));
    const { decision } = await explainOf('deploy/web', '-n', 'claimless');
    expect(decision).toMatchObject({ outcome: 'skipped', reason: { code: 'claim-unusable' } });
  });
});
