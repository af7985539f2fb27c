import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Client } from '../support/client.ts';
import { optedIn, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { container, podsOf } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';

let cluster: InjectedCluster;
let client: Client;
beforeAll(async () => {
  cluster = await startInjectedCluster({ flags: { 'audit-interval': '1s' } });
  client = cluster.client;
});
afterAll(async () => {
  await cluster?.stop();
});

/** Reads the value of a series, by its name and labels. */
async function metric(series: string): Promise<number | undefined> {
  const { text } = await cluster.injector.ask('/metrics');
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

const waitForMetric = (series: string, value: number | undefined): Promise<unknown> =>
  waitFor(`${series} to be ${value}`, async () => (await metric(series)) === value);

const EXPECTED = 'agent_injector_expected_not_injected_pods{namespace="late"}';
const OFF = 'agent_injector_injected_but_off_pods';

const label = (namespace: string, value: string | null): Promise<unknown> =>
  client.patch(
    { kind: 'Namespace', name: namespace },
    { metadata: { labels: { 'agent-injector.io/injection': value } } },
  );

it('counts pods that were created before the label was set, until a restart fixes them', async () => {
  await client.createNamespace('late', { annotations: optedIn().annotations });
  await client.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'late' },
    spec: {
      replicas: 2,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container('app')] } },
    },
  });
  await podsOf(client, { namespace: 'late', name: 'web' }, 2);
  await waitFor('an audit', async () => (await metric('agent_injector_audit_age_seconds')) !== undefined);
  expect(await metric(EXPECTED)).toBeUndefined();
  await label('late', 'enabled');
  await waitForMetric(EXPECTED, 2);
  // As `kubectl rollout restart` does.
  const template = { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } };
  await client.patch({ kind: 'Deployment', namespace: 'late', name: 'web' }, { spec: { template } });
  await waitForMetric(EXPECTED, undefined);
  await waitForMetric(OFF, 0);
  await label('late', null);
  await waitForMetric(OFF, 2);
});

it('stops with the server, and logs no warning', async () => {
  const warnings = cluster.injector.lines().filter(({ msg }) => msg.startsWith('audit'));
  expect(warnings).toEqual([]);
  expect(await cluster.injector.stop('SIGTERM')).toMatchObject({ code: 0 });
});
