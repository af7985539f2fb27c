import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { admissionsOf, imported, manifestsIn, withDocuments } from '../../support/imported.ts';

type Texts = Readonly<Record<string, string>>;

const pod = (annotations: Texts, labels: Texts = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web',
    namespace: 'shop',
    labels,
    annotations: Object.fromEntries(
      Object.entries(annotations).map(([name, value]) => [`admission.datadoghq.com/${name}`, value]),
    ),
  },
  spec: { containers: ['a', 'b'].map((name) => ({ name, image: `registry.example.com/${name}:1` })) },
});

const agent = (instrumentation: object): object => ({
  apiVersion: 'datadoghq.com/v2alpha1',
  kind: 'DatadogAgent',
  metadata: { name: 'datadog' },
  spec: { features: { apm: { instrumentation: { enabled: true, ...instrumentation } } } },
});

/** The keys that were lost, without the prefix, and the pods that come out. */
function after(...documents: readonly object[]) {
  const result = imported(documents.map((one) => stringify(one, { version: '1.1' })).join('---\n'));
  const lost = result.report.filter(({ outcome }) => outcome === 'lost').map(({ key }) => key.replace(/^.*\//, ''));
  return { lost, admissions: admissionsOf(manifestsIn(result), withDocuments(result.migration.profiles)) };
}

describe('annotations of a pod that asks for no library', () => {
  it.each([
    ['java-lib.config.v1', '{"service_name": "orders"}'],
    ['all-lib.config.v1', '{"service_name": "orders"}'],
    ['apm-inject.tracer-configs', '[{"name": "DD_X", "value": "y"}]'],
    ['apm-inject.injection-mode', 'csi'],
  ])('%s is reported', (name, value) => {
    expect(after(pod({ [name]: value })).lost).toEqual([name]);
  });

  it('is reported for a language that is not asked for beside one that is', () => {
    const { lost } = after(pod({ 'java-lib.version': 'latest', 'js-lib.config.v1': '{"env": "test"}' }));
    expect(lost).toEqual(['js-lib.config.v1']);
  });

  it('does not keep the agent of a target away', () => {
    const targets = [{ podSelector: { matchLabels: { app: 'web' } }, ddTraceVersions: { java: 'latest' } }];
    const { admissions } = after(pod({ 'java-lib.config.v1': '{}' }, { app: 'web' }), agent({ targets }));
    expect(admissions.map(({ decision }) => decision.outcome)).toEqual(['injected']);
  });
});

describe('several languages', () => {
  it.each([
    ['js-lib.version', { 'java-lib.version': 'latest', 'js-lib.version': 'latest' }],
    ['js-lib.version', { 'a.java-lib.version': 'latest', 'js-lib.version': 'latest' }],
    ['all-lib.version', { 'all-lib.version': 'latest' }],
  ])('in one container are reported: %s', (key, annotations) => {
    expect(after(pod(annotations)).lost).toContain(key);
  });

  it('in a container each are not', () => {
    expect(after(pod({ 'a.java-lib.version': 'latest', 'b.js-lib.version': 'latest' })).lost).toEqual([]);
  });

  it('of a target are reported', () => {
    const targets = [
      { podSelector: { matchLabels: { app: 'web' } }, ddTraceVersions: { java: 'latest', js: 'latest' } },
    ];
    expect(after(agent({ targets })).lost).toContain('ddTraceVersions');
    expect(after(agent({ targets: [{ ...targets[0], ddTraceVersions: { js: '5' } }] })).lost).not.toContain(
      'ddTraceVersions',
    );
  });
});
