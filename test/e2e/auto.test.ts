import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ExplanationResult } from '../../src/cli/explain/result.ts';
import type { Client } from '../support/client.ts';
import { optedIn, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { container, podsOf, recordOf, type Pod } from '../support/pod.ts';
import { run } from '../support/process.ts';
import { waitFor } from '../support/wait-for.ts';

// `profile: auto` of a namespace, with workloads of several languages on a real API server.

let cluster: InjectedCluster;
let client: Client;
beforeAll(async () => {
  cluster = await startInjectedCluster({ flags: { 'image-facts': 'default/facts' } });
  client = cluster.client;
  await client.createNamespace(
    SHOP,
    optedIn({
      profile: 'auto(opentelemetry-java, opentelemetry-nodejs, opentelemetry-python)',
      'otlp-endpoint': 'http://collector:4318',
    }),
  );
});
afterAll(() => cluster?.stop());

const SHOP = 'shop';

const deployment = (name: string, fields: object) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: SHOP },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [container('app', { ...fields })] } },
  },
});

const created = async (name: string, fields: object): Promise<Pod> => {
  await client.create(deployment(name, fields));
  const [pod] = await podsOf(client, { namespace: SHOP, name }, 1);
  if (!pod) throw new Error(`no pod of ${name}`);
  return pod;
};

it('gives each of four workloads the agent of its language, or says why it gives none', async () => {
  const profileOf = async (name: string, fields: object): Promise<unknown> => {
    const record = recordOf(await created(name, fields)) as {
      readonly reason?: string;
      readonly containers?: readonly { readonly profile?: string }[];
    };
    return record.containers?.[0]?.profile ?? record.reason;
  };
  expect(await profileOf('orders', { command: ['java', '-jar', '/app.jar'] })).toBe('opentelemetry-java');
  expect(await profileOf('web', { command: ['/sbin/tini', '--', 'node', 'server.js'] })).toBe('opentelemetry-nodejs');
  expect(await profileOf('reports', { command: ['gunicorn', 'app:app'] })).toBe('opentelemetry-python');
  expect(await profileOf('script', { command: ['sh', '-c', 'node server.js'] })).toBe('language-not-proven');
});

it('says in explain what it has seen', async () => {
  const args = ['explain', 'deployment/script', '-n', SHOP, '--kubeconfig', cluster.controlPlane.kubeconfigPath];
  const { code, stdout, stderr } = await run([...args, '-o', 'json']);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const [explained] = (JSON.parse(stdout) as { explained: readonly ExplanationResult[] }).explained;
  expect(JSON.stringify(explained)).toContain('it starts a shell, sh');
});

it('chooses by the facts of an image as soon as they are known', async () => {
  const image = 'known.example.com/shop/legacy:1';
  expect(recordOf(await created('before', { image }))).toMatchObject({ reason: 'language-not-proven' });
  const facts = {
    image,
    digest: `sha256:${'a'.repeat(64)}`,
    read: new Date().toISOString(),
    platforms: ['linux/amd64'],
    language: { is: 'java', by: 'JAVA_HOME' },
    entrypoint: ['/app/bin/start.sh'],
  };
  await client.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'default', name: 'facts' },
    data: {
      'facts.json': JSON.stringify({ apiVersion: 'agent-injector.io/v1alpha1', kind: 'ImageFacts', images: [facts] }),
    },
  });
  await waitFor('the facts to be read', () =>
    cluster.injector.lines().some((line) => JSON.stringify(line).includes('facts about images have changed')),
  );
  expect(recordOf(await created('after', { image }))).toMatchObject({
    decision: 'injected',
    containers: [{ profile: 'opentelemetry-java' }],
  });
});
