import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { isCredential } from '../../src/migration/credentials.ts';
import { imported } from '../support/imported.ts';

describe('isCredential', () => {
  it.each([
    ['DD_API_KEY', '0123abc'],
    ['NEW_RELIC_LICENSE_KEY', '0123abc'],
    ['ELASTIC_APM_SECRET_TOKEN', 'abc'],
    ['SW_AGENT_AUTHENTICATION', 'abc'],
    ['agent.authentication', 'abc'],
    ['SPLUNK_ACCESS_TOKEN', 'abc'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'x-tenant=a,api-key=abc'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'Authorization=Basic abc'],
  ])('%s=%s is one', (name, value) => expect(isCredential(name, value)).toBe(true));

  it.each([
    ['DD_API_KEY', ''],
    ['DD_API_KEY', '$(KEY)'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'x-tenant=a'],
    ['DD_TRACE_HEADER_TAGS', 'user-key:key'],
    ['OTEL_EXPORTER_OTLP_CLIENT_KEY', '/x/tls.key'],
    ['SOME_AUTHENTICATION', 'false'],
  ])('%s=%s is none', (name, value) => expect(isCredential(name, value)).toBe(false));
});

const pod = (metadata: object): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec: { containers: [{ name: 'web', image: 'registry.example.com/web:1' }] },
});

const env = (name: string): readonly object[] => [{ name, value: 'S3CRET' }];

const sources: readonly (readonly [product: string, ...object[]])[] = [
  [
    'OpenTelemetry Operator',
    {
      apiVersion: 'opentelemetry.io/v1alpha1',
      kind: 'Instrumentation',
      metadata: { name: 'java' },
      spec: { exporter: { endpoint: 'http://otel:4318' }, java: { env: env('SPLUNK_ACCESS_TOKEN') } },
    },
  ],
  [
    'New Relic',
    pod({}),
    {
      apiVersion: 'newrelic.com/v1beta3',
      kind: 'Instrumentation',
      metadata: { name: 'java' },
      spec: { agent: { language: 'java', env: env('NEW_RELIC_LICENSE_KEY') } },
    },
  ],
  [
    'Datadog',
    pod({
      annotations: {
        'admission.datadoghq.com/java-lib.version': 'latest',
        'admission.datadoghq.com/apm-inject.tracer-configs': JSON.stringify(env('DD_API_KEY')),
      },
    }),
  ],
  [
    'Elastic APM attacher',
    pod({ annotations: { 'co.elastic.apm/attach': 'java' } }),
    { webhookConfig: { agents: { java: { environment: { ELASTIC_APM_SECRET_TOKEN: 'S3CRET' } } } } },
  ],
  [
    'SkyWalking SWCK',
    pod({
      labels: { 'swck-java-agent-injected': 'true' },
      annotations: { 'agent.skywalking.apache.org/agent.authentication': 'S3CRET' },
    }),
  ],
];

describe('a credential in clear', () => {
  it.each(sources)('of %s is in no profile and no annotation, and has a line', (product, ...documents) => {
    const { migration, report } = imported(documents.map((one) => stringify(one)).join('---\n'));
    const { profiles, namespaces, targets, edits } = migration;
    const added = [profiles, namespaces, targets, edits.map(({ annotations }) => [...annotations])];
    expect(JSON.stringify(added)).not.toContain('S3CRET');
    const lost = report.filter((line) => line.outcome === 'lost' && line.product === product);
    expect(lost.map(({ message }) => message).join()).toContain('credential');
    expect(JSON.stringify(report)).not.toContain('S3CRET');
  });
});
