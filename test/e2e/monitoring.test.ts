import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { dashboardPicture, type ShownPanel } from '../support/dashboard-picture.ts';
import { alerts, type Panel, panels } from '../support/dashboard-queries.ts';
import { mountedDirectory, profileText, type Mounted } from '../support/mounted-directory.ts';
import { Client } from '../support/client.ts';
import { optedIn, ours, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { type ObserverProcess, startObserver } from '../support/observer.ts';
import { podOf } from '../support/pod.ts';
import { prometheus, startPrometheus, type Prometheus } from './prometheus.ts';
import { waitFor } from '../support/wait-for.ts';
import { webhookConfiguration } from './webhook.ts';

const PICTURE = join(import.meta.dirname, '../../docs/pictures/dashboard.svg');

// Each query of the dashboard and each alert, evaluated by a Prometheus that scrapes a server and an API server.

if (prometheus === undefined)
  console.log('e2e: monitoring is not tested, there is no prometheus (name it in PROMETHEUS)');

const PLANTED: ReadonlySet<string> = new Set([
  'AgentInjectorNamespaceMislabelled',
  'AgentInjectorFailedOpen',
  'AgentInjectorExpectedNotInjected',
]);

describe.skipIf(prometheus === undefined)('Prometheus', () => {
  let dir: string;
  let mounted: Mounted;
  let cluster: InjectedCluster;
  let observer: ObserverProcess;
  let scraper: Prometheus;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'agent-injector-monitoring-'));
    mounted = await mountedDirectory({ 'own.yaml': profileText('own') });
    const flags = { events: 'true', checks: 'quotas', profiles: mounted.dir, 'audit-interval': '1s' };
    cluster = await startInjectedCluster({ flags });
    observer = await startObserver(cluster.controlPlane.kubeconfigPath);
    scraper = await startPrometheus(dir, jobsOf(cluster, observer));
    await causeEvents(0);
    await mounted.swap({ 'own.yaml': profileText('own', { description: 'Another.' }) });
    await waitFor('the first round to be scraped', () =>
      scraper.query('agent_injector_decisions_total{namespace="team-0"}').then((all) => all.length > 0),
    );
    await causeEvents(1);
    await waitFor('the second round to be scraped', () =>
      scraper.query('agent_injector_decisions_total{namespace="team-1"}').then((all) => all.length > 0),
    );
    await waitFor('the change of profiles to be scraped', () =>
      scraper.query('agent_injector_profile_reloads_total > 0').then((all) => all.length > 0),
    );
  });
  afterAll(async () => {
    await scraper?.stop();
    await observer?.stop();
    await cluster?.stop();
    await mounted?.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Causes at least one of each measured event. */
  async function causeEvents(round: number): Promise<void> {
    const { client, injector } = cluster;
    const namespace = `team-${round}`;
    await client.createNamespace(namespace, optedIn());
    await client.createNamespace(`almost-${round}`, { labels: ours({ injection: 'true' }) });
    if (round === 0) {
      // A webhook that does not answer, and that the API server ignores.
      await client.create(webhookConfiguration({ name: 'dead', url: 'https://127.0.0.1:9/mutate', ca: injector.ca }));
    }
    const wrong = ours({ 'domain-id': '0' });
    for (let count = 0; count < 5; count++) {
      await client.create(podOf(namespace, `in-${count}`, { annotations: ours({ typo: 'x' }) }));
      await client.create(podOf(namespace, `out-${count}`, { annotations: wrong }));
    }
    // A pod that was created before the label was set.
    const late = `late-${round}`;
    await client.createNamespace(late, { annotations: optedIn().annotations });
    await client.create(podOf(late, 'early'));
    const { labels } = optedIn();
    await client.patch({ kind: 'Namespace', name: late }, { metadata: { labels } });
    const strict = podOf(namespace, 'strict', { annotations: wrong, labels: ours({ injection: 'required' }) });
    await expect(client.create(strict)).rejects.toThrow('invalid-value');
    const port = new URL(injector.url).origin;
    await new Client({ url: port, ca: injector.ca, token: '' }).request('POST', '/mutate', { no: 'review' });
  }

  test.each(panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)))(
    'has data for the panel "%s": %s',
    async (_, expr) => {
      const query = expr.replaceAll('$__range', '5m').replaceAll('$__rate_interval', '30s');
      await waitFor(`data for ${query}`, async () =>
        (await scraper.query(query)).some(({ value: [, text] }) => Number.isFinite(Number(text))),
      );
    },
  );

  test('shows what the picture of the dashboard shows; UPDATE_DOCS=1 writes it', async () => {
    const picture = dashboardPicture(await shownPanels(scraper));
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PICTURE, picture);
    const titlesIn = (text: string): readonly string[] => text.match(/(?<=font-weight="600"[^>]*>)[^<]+/g) ?? [];
    expect(titlesIn(picture).length).toBeGreaterThan(5);
    expect(titlesIn(readFileSync(PICTURE, 'utf8'))).toEqual(titlesIn(picture));
  });

  test('computes the coverage of each namespace', async () => {
    const { expr = '' } = panels.find(({ title }) => title === 'Coverage per namespace')?.targets[0] ?? {};
    await waitFor('the shares of both namespaces', async () => {
      const shares = (await scraper.query(expr)).map(({ metric, value }) => [metric['namespace'], Number(value[1])]);
      // Five injected, five not, one refused.
      expect(Object.fromEntries(shares)).toMatchObject({ 'team-0': 5 / 11, 'team-1': 5 / 11 });
      return true;
    });
  });

  test.each(alerts.map(({ alert, expr }) => [alert, expr] as const))(
    'evaluates the alert %s, which fires only for a planted fault',
    async (alert, expr) => {
      const query = expr.replaceAll(/(LEAF|CA)_HOURS/g, '1');
      const isPlanted = PLANTED.has(alert);
      // A scrape that takes too long on a busy machine makes all series of its server absent until the next.
      await waitFor(`${alert} to ${isPlanted ? 'fire' : 'be silent'}`, async () => {
        const found = await scraper.query(query);
        expect(found.length > 0, JSON.stringify(found)).toBe(isPlanted);
        return true;
      });
    },
  );
});

interface TypedPanel extends Panel {
  readonly type: string;
}

/** The panels above the fold, with the data of the last minute. */
async function shownPanels({ queryRange }: Prometheus): Promise<readonly ShownPanel[]> {
  const first = (panels as readonly TypedPanel[]).filter(({ gridPos }) => gridPos.y < 29);
  return Promise.all(
    first.map(async ({ title, type, gridPos, targets }) => {
      const answers = await Promise.all(
        targets.map(async ({ expr, legendFormat }) => {
          const query = expr.replaceAll('$__range', '5m').replaceAll('$__rate_interval', '30s');
          return (await queryRange(query)).map(({ metric, values }) => ({
            name: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => metric[name] ?? ''),
            values: values.map(([, text]) => Number(text)),
          }));
        }),
      );
      return { title, type, gridPos, series: answers.flat() };
    }),
  );
}

function jobsOf(
  { injector, controlPlane }: InjectedCluster,
  observer: ObserverProcess,
): Parameters<typeof startPrometheus>[1] {
  const kubeconfig = parse(readFileSync(controlPlane.kubeconfigPath, 'utf8')) as {
    readonly users: readonly { readonly user: { readonly token: string } }[];
  };
  return [
    { job_name: 'agent-injector', ...at(injector.adminUrl) },
    { job_name: 'observer', ...at(observer.adminUrl) },
    {
      job_name: 'apiserver',
      ...at(controlPlane.url),
      authorization: { credentials: kubeconfig.users[0]?.user.token },
      tls_config: { ca_file: join(controlPlane.dir, 'ca.crt') },
      // A scrape of 100,000 lines takes longer than the default interval.
      scrape_interval: '1s',
      scrape_timeout: '1s',
      metric_relabel_configs: [
        { source_labels: ['__name__'], regex: '(apiserver_admission_webhook|process)_.*', action: 'keep' },
      ],
    },
  ];
}

function at(url: string): object {
  const { protocol, host } = new URL(url);
  return { scheme: protocol.slice(0, -1), static_configs: [{ targets: [host] }] };
}
