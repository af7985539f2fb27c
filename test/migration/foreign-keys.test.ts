import { expect, it } from 'vitest';
import { explain } from '../../src/diagnostics/explanation.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import { agentRequests } from '../../src/settings/agent-requests.ts';
import { foreignKeys } from '../../src/migration/foreign-keys.ts';
import { catalogue, container, plainNamespace, pod } from '../support/fixtures.ts';

const explained = (annotations: Record<string, string>, ofNamespace: Record<string, string> = {}) =>
  explain({
    pod: pod([container('web')], annotations),
    namespace: plainNamespace(ofNamespace),
    catalogue,
    cluster: unknownCluster,
  }).foreign;

it('explain names what annotations of other injectors become, on the pod and on its namespace', () => {
  const found = explained(
    { 'admission.datadoghq.com/web.java-lib.version': 'latest', 'instrumentation.opentelemetry.io/inject-go': 'true' },
    { 'instrumentation.opentelemetry.io/inject-java': 'true' },
  );
  expect(found.map(({ key, from, product }) => [key, from, product])).toEqual([
    ['admission.datadoghq.com/web.java-lib.version', 'pod', 'Datadog'],
    ['instrumentation.opentelemetry.io/inject-go', 'pod', 'OpenTelemetry Operator'],
    ['instrumentation.opentelemetry.io/inject-java', 'namespace', 'OpenTelemetry Operator'],
  ]);
  expect(found[0]?.meaning).toContain('datadog-');
  expect(found[1]?.meaning).toContain('cannot be carried over');
  expect(found[2]?.meaning).toContain('opentelemetry-java');
});

it('explain names nothing on a pod without such keys', () => {
  expect(explained({ profile: 'opentelemetry-java', 'example.com/x': 'y' })).toEqual([]);
});

it.each(agentRequests.map((one) => [one.vendor, one] as const))(
  'every key by which a pod is left to another injector has a meaning: %s',
  (_, { annotation, named, each, unless }) => {
    const keys = [annotation, ...named, ...(each === undefined ? [] : [each.replace('{container}', 'web')])];
    const given = pod([], Object.fromEntries(keys.map((key) => [key, 'true'])));
    const labelled = { ...given, metadata: { ...given.metadata, labels: unless ? { [unless.label]: unless.is } : {} } };
    const meant = foreignKeys(labelled, plainNamespace()).map(({ key }) => key);
    expect(new Set(meant)).toEqual(new Set([...keys, ...(unless ? [unless.label] : [])]));
  },
);
