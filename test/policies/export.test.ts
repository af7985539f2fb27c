import { describe, expect, it } from 'vitest';
import { documentsOf } from '../../src/cli/export/policy.ts';
import { type ExportedPolicies, exportPolicies, type ExportOptions } from '../../src/policies/export.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { catalogue } from '../support/fixtures.ts';

// What the expressions do is tested on a real API server: test/e2e/policies.test.ts.

const profileNamed = (name: string): Profile => {
  const profile = catalogue.profiles.get(name);
  if (!profile) throw new Error(`no profile ${name}`);
  return profile;
};

const options = (more: Partial<ExportOptions> = {}): ExportOptions => ({
  delivery: 'persistentVolumeClaim',
  parameters: new Map(),
  api: 'v1',
  catalogue,
  ...more,
});

function exported(name: string, more: Partial<ExportOptions> = {}): ExportedPolicies {
  const result = exportPolicies(profileNamed(name), options(more));
  if (!result.ok) throw new Error(result.error.map(({ what }) => what).join());
  return result.value;
}

const refusals = (profile: Profile, more: Partial<ExportOptions> = {}): readonly string[] => {
  const result = exportPolicies(profile, options(more));
  return result.ok ? [] : result.error.map(({ what }) => what);
};

/** Every pattern that an expression matches, in every profile and delivery that can be exported. */
function patterns(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const profile of catalogue.profiles.values()) {
    for (const { name } of profile.deliveries) {
      const result = exportPolicies(profile, options({ delivery: name }));
      const text = result.ok ? expressionsIn(result.value).join('\n') : '';
      for (const [, literal = '""'] of text.matchAll(/\.(?:matches|findAll)\(("(?:[^"\\]|\\.)*")\)/g))
        found.add(JSON.parse(literal) as string);
    }
  }
  return found;
}

function expressionsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(expressionsIn) : [];
}

describe('the exported policies', () => {
  it('carry out one patch, or none of it, and keep no pod from being created', () => {
    const { mutating, validating, validatingBinding } = exported('jennifer-dotnet');
    expect(mutating).toMatchObject({
      apiVersion: 'admissionregistration.k8s.io/v1',
      spec: { failurePolicy: 'Ignore', mutations: [{ patchType: 'JSONPatch' }] },
    });
    expect(mutating['spec']).toHaveProperty('mutations.length', 1);
    expect(validating).toMatchObject({ spec: { failurePolicy: 'Ignore' } });
    expect(validatingBinding).toMatchObject({ spec: { validationActions: ['Warn', 'Audit'] } });
  });

  it('explain the decision that was made: both have the same variables', () => {
    const { mutating, validating } = exported('jennifer-java');
    expect(validating).toHaveProperty('spec.variables', (mutating['spec'] as { variables: unknown }).variables);
  });

  it('know every variable of a slot, every sidecar, and each row that says how an agent is known', () => {
    const text = expressionsIn(exported('jennifer-dotnet').mutating).join('\n');
    const slot = catalogue.slots.get('clr-profiler');
    for (const name of slot?.variables ?? []) expect(text).toContain(JSON.stringify(name));
    for (const { variable } of slot?.off ?? []) expect(text).toContain(JSON.stringify(variable));
    for (const { name } of catalogue.sidecars) expect(text).toContain(name.replaceAll('*', ''));
    const java = expressionsIn(exported('jennifer-java').mutating).join('\n');
    for (const { slots, match } of catalogue.foreignAgents.filter((one) => one.slots.includes('jvm-agent')))
      for (const { env } of match) if (env?.contains !== undefined) expect(java, slots.join()).toContain(env.contains);
  });

  it('match with patterns that RE2 compiles: no look-around, no repetition above 1000', () => {
    expect(patterns().size).toBeGreaterThan(20);
    for (const pattern of patterns()) {
      expect(pattern).not.toMatch(/\(\?[=!<]|\\[1-9]/);
      for (const [, most = '0'] of pattern.matchAll(/\{\d*,?(\d+)\}/g)) expect(Number(most)).toBeLessThanOrEqual(1000);
    }
  });

  it('are for the namespaces of this release with the labels that were asked for', () => {
    const selectorOf = (more: Partial<ExportOptions>): unknown =>
      (exported('jennifer-dotnet', more).mutating['spec'] as { matchConstraints: { namespaceSelector: unknown } })
        .matchConstraints.namespaceSelector;
    expect(selectorOf({})).toMatchObject({ matchLabels: { 'agent-injector.io/injection': 'enabled' } });
    const team = { key: 'team', operator: 'In', values: ['shop'] };
    expect(selectorOf({ namespaceSelector: { matchExpressions: [team] } })).toMatchObject({
      matchLabels: { 'agent-injector.io/injection': 'enabled' },
      matchExpressions: [{ key: 'agent-injector.io/revision', operator: 'DoesNotExist' }, team],
    });
    expect(selectorOf({ catalogue: { ...catalogue, revision: 'canary' } })).toMatchObject({
      matchExpressions: [{ key: 'agent-injector.io/revision', operator: 'In', values: ['canary'] }],
    });
  });

  it('take values from a ConfigMap, which may be away', () => {
    const { mutating, mutatingBinding } = exported('jennifer-dotnet', {
      parametersConfigMap: { namespace: 'apm', name: 'values' },
    });
    expect(mutating).toMatchObject({ spec: { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } } });
    expect(mutatingBinding).toMatchObject({
      spec: { paramRef: { namespace: 'apm', name: 'values', parameterNotFoundAction: 'Allow' } },
    });
  });

  it('have the version of the API that was asked for; validating policies have had v1 for longer', () => {
    const [mutating, validating, binding] = documentsOf(exported('jennifer-dotnet', { api: 'v1beta1' }));
    expect(mutating).toMatchObject({ apiVersion: 'admissionregistration.k8s.io/v1beta1' });
    expect(binding).toMatchObject({ apiVersion: 'admissionregistration.k8s.io/v1beta1' });
    expect(validating).toMatchObject({ apiVersion: 'admissionregistration.k8s.io/v1' });
  });
});

describe('the export is refused', () => {
  it.each<[string, RegExp, Partial<ExportOptions>, Partial<Profile>]>([
    ['an unknown delivery', /no delivery pigeon/, { delivery: 'pigeon' }, {}],
    ['an init container', /init container/, { delivery: 'initContainer' }, {}],
    ['a suspended profile', /suspended/, {}, { suspended: true }],
    ['a canary', /canary/, {}, { canary: { percent: 5, version: undefined } }],
    [
      'injection that is stopped',
      /injection is off/,
      { catalogue: { ...catalogue, injection: { mode: 'off', by: 'x', why: '', profiles: new Map() } } },
      {},
    ],
    [
      'a profile that the cluster forbids',
      /builtInProfiles/,
      { catalogue: { ...catalogue, tenancy: { ...catalogue.tenancy, builtInProfiles: false } } },
      {},
    ],
  ])('%s', (_, expected, more, change) => {
    const found = refusals({ ...profileNamed('jennifer-dotnet'), ...change }, more);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });

  it('for each part of a profile that an expression cannot say, with what to do', () => {
    const result = exportPolicies(profileNamed('opentelemetry-java'), options());
    const problems = result.ok ? [] : result.error;
    expect(problems.map(({ what }) => what).join('\n')).toMatch(/otlp-endpoint[\s\S]*OTEL_RESOURCE_ATTRIBUTES/);
    for (const { instead } of problems) expect(instead).not.toBe('');
  });

  it('for labels of New Relic only if a value is given: they are merged into a list', () => {
    const profile = profileNamed('newrelic-java');
    expect(refusals(profile)).toEqual([]);
    expect(refusals(profile, { parameters: new Map([['labels', 'a:b']]) }).join()).toContain('NEW_RELIC_LABELS');
  });
});
