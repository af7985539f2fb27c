import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { reasonTable } from '../../src/reasons/reason-table.ts';
import { metricRows } from '../../src/metrics/definitions.ts';
import type { KubeObject } from '../support/client.ts';
import { chart, only, render, root } from '../support/chart.ts';
import { alerts, panels } from '../support/dashboard-queries.ts';
import { helm, promtool, run } from '../support/deploy-tools.ts';

// Alerts and dashboard may name our metrics, and these few of others. test/e2e/install.test.ts asks a real API server for its own.
const FOREIGN = new Set([
  'apiserver_admission_webhook_fail_open_count',
  'apiserver_admission_webhook_rejection_count',
  'process_resident_memory_bytes',
  'process_cpu_seconds_total',
]);

const queries = [
  ...alerts.map(({ alert, expr }) => ({ where: `alert ${alert}`, expr })),
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ where: `panel ${title}`, expr }))),
];

function metricsIn(expr: string): readonly string[] {
  const withoutText = expr.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  return [...withoutText.matchAll(/\b(agent_injector|apiserver|process|nodejs)_\w+/g)].map(([name]) => name);
}

/** A histogram is asked for by the names of its parts. */
const served = new Set<string>(
  Object.entries(metricRows).flatMap(([name, { type }]) =>
    type === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name],
  ),
);

describe('alerts and dashboard', () => {
  it.each(queries)('$where asks for metrics that there are', ({ expr }) => {
    const names = metricsIn(expr);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(served.has(name) || FOREIGN.has(name), name).toBe(true);
  });

  it('show every metric of agent-injector somewhere', () => {
    const shown = new Set(queries.flatMap(({ expr }) => metricsIn(expr)));
    for (const [name, { type }] of Object.entries(metricRows)) {
      expect(shown, name).toContain(type === 'histogram' ? `${name}_bucket` : name);
    }
  });

  it('sort the reason codes as the table of reasons does', () => {
    const codes = (alert: string) =>
      (/reason=~"([^"]+)"/.exec(alerts.find((rule) => rule.alert === alert)?.expr ?? '')?.[1] ?? '')
        .split('|')
        .toSorted();
    const ofKind = (...kinds: string[]) =>
      Object.entries(reasonTable)
        .filter(([, { kind }]) => kinds.includes(kind))
        .map(([code]) => code)
        .toSorted();
    expect(codes('AgentInjectorAllFailing')).toEqual(ofKind('problem', 'failure'));
    const coverage = panels.find(({ title }) => title === 'Coverage per namespace')?.targets[0]?.expr ?? '';
    const left = /reason!~"([^"]+)"/.exec(coverage)?.[1]?.split('|').toSorted();
    expect(left).toEqual(ofKind('choice', 'exemption', 'satisfied', 'unverified'));
    for (const code of codes('AgentInjectorDefect')) expect(ofKind('failure')).toContain(code);
  });

  it('point to chapters of docs/operations.md that there are', () => {
    const operations = readFileSync(join(root, 'docs/operations.md'), 'utf8');
    for (const { alert, annotations, labels } of alerts) {
      const [, chapter = '?'] = /See "([^"]+)" in docs\/operations\.md\.$/.exec(annotations.description) ?? [];
      expect(
        operations.split('\n').some((line) => /^#+ /.test(line) && line.includes(chapter)),
        `${alert}: ${chapter}`,
      ).toBe(true);
      expect(['critical', 'warning', 'info']).toContain(labels.severity);
      expect(operations, alert).toContain(`\`${alert}\``);
    }
  });

  it('lay the panels of the dashboard side by side, each within the 24 columns', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = new Set<string>();
    for (const { title, gridPos } of panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(cells.has(`${x},${y}`), `${title} lies on another`).toBe(false);
          cells.add(`${x},${y}`);
        }
      }
    }
  });
});

describe.skipIf(helm === undefined)('the monitoring objects of the chart', () => {
  it('carry the dashboard as it stands in the file', () => {
    const config = render('everything').find(({ metadata }) => metadata?.labels?.['grafana_dashboard'] === '1');
    const text = (config?.['data'] as Record<string, string> | undefined)?.['agent-injector.json'] ?? '';
    expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(join(chart, 'files/dashboard.json'), 'utf8')));
  });

  it('scrape a port that the Service has', () => {
    const monitor = only<{ spec: { endpoints: { port: string; path: string }[]; selector: { matchLabels: object } } }>(
      render('everything'),
      'ServiceMonitor',
    );
    const service = only<KubeObject & { spec: { ports: { name: string }[] } }>(render('everything'), 'Service');
    expect(service.metadata?.labels).toMatchObject(monitor.spec.selector.matchLabels);
    expect(service.spec.ports.map(({ name }) => name)).toContain(monitor.spec.endpoints[0]?.port);
    expect(monitor.spec.endpoints[0]?.path).toBe('/metrics');
  });
});

it.skipIf(helm === undefined)('alerts have the address of their section, if there is one', () => {
  const url = 'https://docs.example.com/operations';
  const rules = (args: readonly string[]) => {
    const { spec } = only<{
      spec: { groups: { rules: { alert: string; annotations: { description: string; runbook_url?: string } }[] }[] };
    }>(render('everything', { args }), 'PrometheusRule');
    return spec.groups.flatMap((group) => group.rules);
  };
  for (const { alert, annotations } of rules(['--set', `prometheusRule.runbooksUrl=${url}`])) {
    const [, chapter = '?'] = /See "([^"]+)" in docs\/operations\.md\.$/.exec(annotations.description) ?? [];
    expect(annotations.runbook_url, alert).toBe(`${url}#${chapter.toLowerCase().replaceAll(' ', '-')}`);
  }
  expect(rules([]).filter(({ annotations }) => annotations.runbook_url !== undefined)).toEqual([]);
});

/** The rules as a Prometheus gets them, in a folder of their own beside their unit tests. */
function rulesFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-rules-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const { spec } = only<{ spec: object }>(render('everything'), 'PrometheusRule');
  writeFileSync(join(dir, 'rules.yaml'), stringify(spec));
  copyFileSync(join(import.meta.dirname, 'alerts.test.yaml'), join(dir, 'alerts.test.yaml'));
  return dir;
}

describe.skipIf(helm === undefined || promtool === undefined)('the alerts, by promtool', () => {
  it('are rules that Prometheus takes', () => {
    const { code, stdout, stderr } = run(promtool ?? '', ['check', 'rules', 'rules.yaml'], { cwd: rulesFolder() });
    expect(stdout + stderr).toContain(`SUCCESS: ${alerts.length + 1} rules found`);
    expect(code).toBe(0);
  });

  it('fire when they should, and not before', () => {
    const { code, stdout, stderr } = run(promtool ?? '', ['test', 'rules', 'alerts.test.yaml'], { cwd: rulesFolder() });
    expect(stdout + stderr).toContain('SUCCESS');
    expect(code).toBe(0);
  });

  it('are each tested, both ways', () => {
    const tests = parse(readFileSync(join(import.meta.dirname, 'alerts.test.yaml'), 'utf8')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts?: unknown[] }[] }[];
    };
    const cases = tests.tests.flatMap((test) => test.alert_rule_test);
    for (const name of [...alerts.map(({ alert }) => alert), 'AgentInjectorNoReviews']) {
      const fires = cases
        .filter(({ alertname }) => alertname === name)
        .map(({ exp_alerts }) => (exp_alerts ?? []).length > 0);
      expect(new Set(fires), name).toEqual(new Set([true, false]));
    }
  });
});
