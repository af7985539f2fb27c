import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/admission/admit.ts';
import type { Catalogue } from '../../../src/profiles/catalogue.ts';
import { builtInDocuments } from '../../../src/profile-sources/builtin-documents.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { catalogueFrom, container, namespace, pod } from '../../support/fixtures.ts';

/** A catalogue with a profile of one's own that extends a built-in one by these variables. */
function extended(name: string, environment: readonly JsonObject[]): Catalogue {
  const base = builtInDocuments.profiles.find(
    (document) => (document as { metadata: { name: string } }).metadata.name === name,
  );
  const own = { apiVersion: 'agent-injector.io/v1alpha1', kind: 'AgentProfile', metadata: { name: 'own' } };
  return catalogueFrom({
    profiles: [base as object, { ...own, spec: { extends: name, environment } }],
    defaults: { profile: 'own' },
  });
}

const settings = { 'otlp-endpoint': 'http://collector:4318', 'license-secret': 'newrelic' };

function valuesIn(known: Catalogue): Record<string, string | undefined> {
  const { pod: after } = admit(pod([container('web')]), namespace(settings), known);
  return Object.fromEntries((after.spec.containers[0]?.env ?? []).map(({ name, value }) => [name, value]));
}

// What a profile appends to a variable took away what the inherited profile appends: the agent was not loaded, and the record said injected.
describe('an addition in a profile that extends another keeps what loads the agent', () => {
  it.each([
    ['opentelemetry-java', 'JAVA_TOOL_OPTIONS', ' ', '-Dx=1', '-javaagent:/opentelemetry-java/javaagent.jar'],
    [
      'opentelemetry-nodejs',
      'NODE_OPTIONS',
      ' ',
      '--enable-source-maps',
      '--require /opentelemetry-nodejs/autoinstrumentation.js',
    ],
    ['opentelemetry-python', 'PYTHONPATH', ':', '/ours', '/opentelemetry-python'],
    [
      'opentelemetry-dotnet',
      'DOTNET_STARTUP_HOOKS',
      ':',
      '/ours/Hook.dll',
      'OpenTelemetry.AutoInstrumentation.StartupHook.dll',
    ],
    ['newrelic-java', 'JAVA_TOOL_OPTIONS', ' ', '-Dx=1', '-javaagent:'],
  ])('%s', (name, variable, separator, value, loads) => {
    for (const operation of ['append', 'prepend']) {
      const values = valuesIn(extended(name, [{ name: variable, operation, separator, value }]));
      expect(values[variable]).toContain(loads);
      expect(values[variable]?.split(separator)).toContain(value);
    }
  });

  it('attributes are added to the inherited ones, and win over them', () => {
    const value = 'deployment.environment.name=prod,service.namespace=mine';
    const merge = { operation: 'merge', separator: ',', assignment: '=' };
    const values = valuesIn(extended('opentelemetry-java', [{ name: 'OTEL_RESOURCE_ATTRIBUTES', ...merge, value }]));
    const pairs = values['OTEL_RESOURCE_ATTRIBUTES']?.split(',');
    expect(pairs).toEqual(expect.arrayContaining(['deployment.environment.name=prod', 'service.name=web']));
    expect(pairs?.filter((pair) => pair.startsWith('service.namespace='))).toEqual(['service.namespace=mine']);
  });

  it.each([
    ['annotations', { annotations: 'facts.example.com/' }],
    ['a parameter', { parameter: 'resource-attributes' }],
  ])('attributes from %s are added to the inherited ones', (_, source) => {
    const merge = { name: 'OTEL_RESOURCE_ATTRIBUTES', operation: 'merge', separator: ',', assignment: '=' };
    const known = extended('opentelemetry-java', [{ ...merge, ...source }]);
    const given = pod([container('web')], { 'facts.example.com/team': 'a', 'resource-attributes': 'team=a' });
    const { pod: after } = admit(given, namespace(settings), known);
    const value = after.spec.containers[0]?.env?.find(({ name }) => name === merge.name)?.value?.split(',');
    expect(value).toEqual(expect.arrayContaining(['team=a', 'service.name=web']));
    const removal = { ...merge, separator: undefined, assignment: undefined, ...source, remove: true };
    if ('parameter' in source)
      expect(() => extended('opentelemetry-java', [JSON.parse(JSON.stringify(removal)) as JsonObject])).not.toThrow();
  });
});
