import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { render, only } from '../support/chart.ts';
import type { Client, KubeObject } from '../support/client.ts';
import { helm } from '../support/deploy-tools.ts';
import { optedIn, ours, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { container } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';

// The chart's optional entry for workloads on a real API server: kubectl shows why the pods of a Deployment will not get their agent.

const NAMESPACE = 'warned';

interface Entry {
  readonly name: string;
  readonly [field: string]: unknown;
}

let cluster: InjectedCluster;
let client: Client;

/** The entry of the chart, which calls the server of this test. */
function configurationOf({ injector }: InjectedCluster): KubeObject {
  const objects = render('default', { args: ['--no-hooks', '--set', 'workloadWarnings.enabled=true'] });
  const { webhooks } = only<{ readonly webhooks: readonly Entry[] }>(objects, 'MutatingWebhookConfiguration');
  const entry = webhooks.find(({ name }) => name === 'workloads.agent-injector.io');
  const clientConfig = { url: injector.url, caBundle: Buffer.from(injector.ca).toString('base64') };
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'workloads' },
    webhooks: [{ ...entry, clientConfig }],
  };
}

interface Settings {
  readonly onTemplate?: Readonly<Record<string, string>>;
  readonly onWorkload?: Readonly<Record<string, string>>;
}

const kinds: Readonly<Record<string, { readonly apiVersion: string; readonly spec: (template: object) => object }>> = {
  Deployment: { apiVersion: 'apps/v1', spec: (template) => ({ selector, template }) },
  StatefulSet: { apiVersion: 'apps/v1', spec: (template) => ({ selector, serviceName: 'web', template }) },
  DaemonSet: { apiVersion: 'apps/v1', spec: (template) => ({ selector, template }) },
  Job: { apiVersion: 'batch/v1', spec: (template) => ({ template: once(template) }) },
  CronJob: {
    apiVersion: 'batch/v1',
    spec: (template) => ({ schedule: '0 0 1 1 *', jobTemplate: { spec: { template: once(template) } } }),
  },
};

const selector = { matchLabels: { app: 'web' } };

function once(template: object): object {
  const { spec, ...rest } = template as { readonly spec: object };
  return { ...rest, spec: { ...spec, restartPolicy: 'Never' } };
}

function workload(kind: string, { onTemplate = {}, onWorkload = {} }: Settings, namespace = NAMESPACE): KubeObject {
  const found = kinds[kind];
  if (!found) throw new Error(`no kind ${kind}`);
  const template = {
    metadata: { labels: { app: 'web' }, annotations: ours(onTemplate) },
    spec: { containers: [container('web')] },
  };
  const metadata = { name: 'web', namespace, annotations: ours(onWorkload) };
  return { apiVersion: found.apiVersion, kind, metadata, spec: found.spec(template) };
}

const warningsOf = async (object: KubeObject): Promise<readonly string[]> =>
  (await client.create(object, { dryRun: true })).warnings;

describe.skipIf(helm === undefined)('who writes a workload', () => {
  beforeAll(async () => {
    cluster = await startInjectedCluster();
    ({ client } = cluster);
    await client.createNamespace(NAMESPACE, optedIn());
    await client.createNamespace('strict', { labels: ours({ injection: 'required' }) });
    await client.createNamespace('plain');
    await client.create(configurationOf(cluster));
    const refused = workload('Deployment', { onTemplate: { profile: 'jenifer-dotnet' } });
    await waitFor('the API server to call', async () => (await warningsOf(refused)).length > 0);
  });
  afterAll(() => cluster?.stop());

  test.each(Object.keys(kinds))('of kind %s sees why its pods will not get the agent', async (kind) => {
    const [warning, ...others] = await warningsOf(workload(kind, { onTemplate: { profile: 'jenifer-dotnet' } }));
    expect(warning).toMatch(/^agent-injector: pods would not get the agent: unknown-profile: .*"jennifer-dotnet"/);
    expect(others).toEqual([]);
  });

  test.each(Object.keys(kinds))('of kind %s sees nothing if they will, and the object is as written', async (kind) => {
    const { object, warnings } = await client.create(workload(kind, {}), { dryRun: true });
    expect(warnings).toEqual([]);
    expect(JSON.stringify(object)).not.toContain('CORECLR');
  });

  test('sees typos, whole', async () => {
    const [warning] = await warningsOf(workload('Deployment', { onTemplate: { 'domian-id': '7' } }));
    expect(warning).toMatch(/unknown-annotation: .*did you mean "domain-id"/);
    expect(warning).not.toContain('…');
  });

  test('sees annotations that should be on the pod template', async () => {
    const [warning] = await warningsOf(workload('Deployment', { onWorkload: { 'domain-id': '7' } }));
    expect(warning).toContain('misplaced-key');
  });

  test('sees that pods would be refused', async () => {
    const [warning] = await warningsOf(workload('Deployment', {}, 'strict'));
    expect(warning).toMatch(/pods would be refused: missing-parameter/);
  });

  test('sees it again when the workload is changed, and not when only its scale is', async () => {
    const object = workload('Deployment', { onTemplate: { profile: 'jenifer-dotnet' } });
    await client.create(object);
    const ref = { kind: 'Deployment', namespace: NAMESPACE, name: 'web' };
    expect((await client.patch(ref, { metadata: { labels: { changed: 'true' } } })).warnings).toHaveLength(1);
    expect((await client.patch(ref, { spec: { replicas: 2 } }, { subresource: 'scale' })).warnings).toEqual([]);
    await client.delete(ref);
  });

  test('sees nothing in a namespace that is not opted in', async () => {
    expect(await warningsOf(workload('Deployment', { onTemplate: { profile: 'x' } }, 'plain'))).toEqual([]);
  });

  test('writes as before if the server does not answer', async () => {
    await cluster.injector.stop();
    const { warnings } = await client.create(workload('Deployment', { onTemplate: { profile: 'x' } }), {
      dryRun: true,
    });
    expect(warnings).toEqual([]);
  });
});
