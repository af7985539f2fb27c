import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { admissionsOf, imported, manifestsIn, withDocuments } from '../support/imported.ts';

const pod = (metadata: object): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec: { containers: [{ name: 'web', image: 'registry.example.com/web:1' }] },
});

const instrumentation = (spec: object, namespace = 'shop'): object => ({
  apiVersion: 'opentelemetry.io/v1alpha1',
  kind: 'Instrumentation',
  metadata: { name: 'java', namespace },
  spec,
});

const asks = (value = 'true'): object =>
  pod({ annotations: { 'instrumentation.opentelemetry.io/inject-java': value } });

const skywalking = (annotations: object = {}): object =>
  pod({ labels: { 'swck-java-agent-injected': 'true' }, annotations });

function after(...documents: readonly object[]) {
  const result = imported(documents.map((one) => stringify(one)).join('---\n'));
  const [admission] = admissionsOf(manifestsIn(result), withDocuments(result.migration.profiles));
  const lost = result.report.filter(({ outcome }) => outcome === 'lost').map(({ key }) => key);
  return { lost, outcome: admission?.decision.outcome };
}

describe('what an agent needs and the product does not say', () => {
  it.each([
    ['an Instrumentation without an endpoint', 'exporter.endpoint', [asks(), instrumentation({ propagators: ['b3'] })]],
    ['one of another namespace', 'exporter.endpoint', [asks('tools/java'), instrumentation({}, 'tools')]],
    ['a pod without a collector', 'collector.backend_service', [skywalking()]],
  ])('has a line: %s', (_, key, documents) => {
    const { lost, outcome } = after(...documents);
    expect(outcome).toBe('skipped');
    expect(lost).toEqual([key]);
  });

  it.each([
    [
      'by a variable',
      [asks(), instrumentation({ env: [{ name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: 'http://c:4318' }] })],
    ],
    [
      'by the namespace',
      [
        asks(),
        instrumentation({}),
        {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name: 'shop', annotations: { 'agent-injector.io/otlp-endpoint': 'http://c:4318' } },
        },
      ],
    ],
    ['by an annotation', [skywalking({ 'agent.skywalking.apache.org/collector.backend_service': 'oap:11800' })]],
  ])('has none if it is said %s', (_, documents) => {
    expect(after(...documents)).toEqual({ lost: [], outcome: 'injected' });
  });
});
