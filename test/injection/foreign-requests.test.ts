import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { agentRequests } from '../../src/settings/agent-requests.ts';
import { catalogue, catalogueOf, container, namespace, pod, profileDocument, reasonOf } from '../support/fixtures.ts';

const java = catalogueOf(
  profileDocument({
    slots: ['jvm-agent'],
    environment: [{ name: 'JAVA_TOOL_OPTIONS', operation: 'append', separator: ' ', value: '-javaagent:/a.jar' }],
  }),
);
const OTEL = 'instrumentation.opentelemetry.io/inject-java';
const CONTAINERS = 'instrumentation.opentelemetry.io/container-names';
const JAVA_CONTAINERS = 'instrumentation.opentelemetry.io/java-container-names';
const DATADOG = 'admission.datadoghq.com/java-lib.version';

interface Given {
  readonly pod?: Record<string, string>;
  readonly namespace?: Record<string, string>;
  readonly labels?: Record<string, string>;
}

function given(one: Given): readonly [Pod, Namespace] {
  const { metadata, ...rest } = pod([container('app'), container('web')]);
  const plain = namespace({ profile: 'agent' });
  return [
    { ...rest, metadata: { ...metadata, annotations: { ...one.pod }, labels: { ...one.labels } } },
    { ...plain, annotations: { ...plain.annotations, ...one.namespace } },
  ];
}

/** The containers that are left to another injector. */
function left(one: Given): readonly string[] {
  return admit(...given(one), java).decision.containers.flatMap((result) =>
    result.outcome === 'skipped' && result.reason.code === 'foreign-agent-requested' ? [result.container] : [],
  );
}

describe('a container is left to the injector that is asked for an agent', () => {
  it.each<[string, Given, readonly string[]]>([
    ['no annotation asks', {}, []],
    ['the pod asks, for its first container', { pod: { [OTEL]: 'true' } }, ['app']],
    ['the pod names an instance', { pod: { [OTEL]: 'observability/java' } }, ['app']],
    ['the namespace asks', { namespace: { [OTEL]: 'true' } }, ['app']],
    ['the pod asks for nothing', { pod: { [OTEL]: 'false' } }, []],
    ['in capitals', { pod: { [OTEL]: 'False' } }, []],
    ['an empty text', { pod: { [OTEL]: '' } }, []],
    ['an empty text does not override the namespace', { pod: { [OTEL]: '' }, namespace: { [OTEL]: 'true' } }, ['app']],
    ['the pod overrides the namespace', { pod: { [OTEL]: 'false' }, namespace: { [OTEL]: 'true' } }, []],
    ['for a language that is not ours', { pod: { 'instrumentation.opentelemetry.io/inject-python': 'true' } }, []],
    ['for a container by name', { pod: { [OTEL]: 'true', [CONTAINERS]: 'web' } }, ['web']],
    ['for containers by name', { pod: { [OTEL]: 'true', [CONTAINERS]: 'web, app' } }, ['app', 'web']],
    ['by name for the language', { pod: { [OTEL]: 'true', [JAVA_CONTAINERS]: 'web' } }, ['web']],
    [
      'by name for the language and for all, which add up',
      { pod: { [OTEL]: 'true', [CONTAINERS]: 'app', [JAVA_CONTAINERS]: 'web' } },
      ['app', 'web'],
    ],
    [
      'an empty list does not override the namespace',
      { pod: { [OTEL]: 'true', [CONTAINERS]: '' }, namespace: { [CONTAINERS]: 'web' } },
      ['web'],
    ],
    ['names on the namespace', { pod: { [OTEL]: 'true' }, namespace: { [CONTAINERS]: 'web' } }, ['web']],
    ['for a container that is not there', { pod: { [OTEL]: 'true', [CONTAINERS]: 'api' } }, []],
    ['names alone', { pod: { [CONTAINERS]: 'app' } }, []],
    ['for all containers', { pod: { [DATADOG]: 'v1' } }, ['app', 'web']],
    ['for one by its own annotation', { pod: { 'admission.datadoghq.com/web.java-lib.version': 'v1' } }, ['web']],
    ['and is switched off', { pod: { [DATADOG]: 'v1' }, labels: { 'admission.datadoghq.com/enabled': 'false' } }, []],
    ['on the namespace, which does not count', { namespace: { [DATADOG]: 'v1' } }, []],
    ['with a value that asks', { pod: { 'co.elastic.apm/attach': 'java' } }, ['app', 'web']],
    ['with another value', { pod: { 'co.elastic.apm/attach': 'nodejs' } }, []],
  ])('%s', (_, one, expected) => {
    expect(left(one)).toEqual(expected);
  });

  it('and the annotation and the vendor are named', () => {
    const [asking, plain] = given({ namespace: { [OTEL]: 'true', [CONTAINERS]: 'app,web' } });
    const admission = admit(asking, plain, java);
    expect(reasonOf(admission)).toEqual({
      code: 'foreign-agent-requested',
      vendor: 'OpenTelemetry Operator (Java)',
      source: { from: 'namespace', key: OTEL },
      slot: 'jvm-agent',
    });
    expect(admission.pod.spec).toEqual(asking.spec);
  });
});

it('the reason is the same before and after that injector has added its agent', () => {
  const asked = { 'instrumentation.opentelemetry.io/inject-dotnet': 'true' };
  const env = [
    { name: 'CORECLR_ENABLE_PROFILING', value: '1' },
    { name: 'CORECLR_PROFILER', value: '{918728DD-259F-4A6A-AC2B-B85E1B658318}' },
    {
      name: 'CORECLR_PROFILER_PATH',
      value: '/otel-auto-instrumentation-dotnet/linux/OpenTelemetry.AutoInstrumentation.Native.so',
    },
  ];
  for (const containers of [[container('app')], [container('app', { env })]]) {
    const { metadata, ...rest } = pod(containers);
    const asking = { ...rest, metadata: { ...metadata, annotations: asked } };
    const admission = admit(asking, namespace({ profile: 'jennifer-dotnet' }), catalogue);
    expect(reasonOf(admission)).toMatchObject({ code: 'foreign-agent-requested' });
  }
});

it('each row asks for an agent in a known slot', () => {
  for (const { slots } of agentRequests) for (const slot of slots) expect([...catalogue.slots.keys()]).toContain(slot);
});
