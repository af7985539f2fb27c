import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chart, objectsOf, only, render } from '../support/chart.ts';
import { helm, run } from '../support/deploy-tools.ts';

interface Ingress {
  readonly from?: readonly object[];
  readonly ports: readonly { readonly port: number }[];
}

const ADMIN_PORT = 9090;

/** Who may connect to the admin port: an entry for each peer. */
const adminPeers = (args: readonly string[]): readonly object[] =>
  only<{ spec: { ingress: readonly Ingress[] } }>(render('default', { args }), 'NetworkPolicy')
    .spec.ingress.filter(({ ports }) => ports.some(({ port }) => port === ADMIN_PORT))
    // Without `from`, a rule admits every peer.
    .flatMap(({ from }) => from ?? [{}]);

/** A copy of the chart whose notes are in a ConfigMap. Helm shows notes only with an API server. */
function chartWithNotes(): string {
  const copy = join(mkdtempSync(join(tmpdir(), 'agent-injector-chart-')), 'agent-injector');
  cpSync(chart, copy, { recursive: true });
  const lines = readFileSync(join(chart, 'templates/NOTES.txt'), 'utf8').split('\n');
  // The first directive removes the line break before it.
  const head = ['apiVersion: v1', 'kind: ConfigMap', 'metadata: { name: notes }', 'data:', '  text: |', '    Notes:'];
  const template = [...head, ...lines.map((line) => `    ${line}`)].join('\n');
  writeFileSync(join(copy, NOTES), template);
  return copy;
}

const NOTES = 'templates/notes.yaml';

const MONITORING = '--set=networkPolicy.metricsFrom[0].namespaceSelector.matchLabels.team=monitoring';
const SCRAPED = '--set=serviceMonitor.enabled=true';
const ANNOTATED = '--set-string=podAnnotations.prometheus\\.io/scrape=true';

describe.skipIf(helm === undefined)('the NetworkPolicy', () => {
  it('admits no pod to the admin port by default', () => {
    expect(adminPeers([])).toEqual([]);
  });

  it('admits the peers in metricsFrom', () => {
    expect(adminPeers([MONITORING])).toEqual([{ namespaceSelector: { matchLabels: { team: 'monitoring' } } }]);
  });
});

describe.skipIf(helm === undefined)('the notes of the chart', () => {
  const copy = chartWithNotes();
  afterAll(() => rmSync(join(copy, '..'), { recursive: true }));

  it.each([
    [[SCRAPED], true],
    [[ANNOTATED], true],
    [[], false],
    [[SCRAPED, MONITORING], false],
    [[SCRAPED, '--set=networkPolicy.enabled=false'], false],
    [[SCRAPED, '--set=hostNetwork=true', '--set=adminHost=0.0.0.0'], false],
  ])('%j: whether they say that Prometheus is kept out: %j', (args, expected) => {
    const { stdout, stderr } = run(helm ?? '', ['template', 'agent-injector', copy, '--show-only', NOTES, ...args]);
    expect(stderr).toBe('');
    const [notes] = objectsOf(stdout);
    expect(JSON.stringify(notes).includes('networkPolicy.metricsFrom')).toBe(expected);
  });
});
