import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/lib/json.ts';
import { overlappingReleases, revisionOf, withoutRelease } from '../../src/diagnostics/overlapping-releases.ts';

const REVISION = 'agent-injector.io/revision';
const rules = [{ apiGroups: [''], resources: ['pods'], operations: ['CREATE'] }];

const release = (name: string, ...expressions: readonly JsonObject[]): JsonObject => ({
  metadata: { name },
  webhooks: [
    { name: 'x.example.com', rules },
    {
      name: 'enabled.agent-injector.io',
      rules,
      namespaceSelector: {
        matchExpressions: [{ key: 'agent-injector.io/injection', operator: 'In', values: ['enabled'] }, ...expressions],
      },
    },
  ],
});
const without = { key: REVISION, operator: 'DoesNotExist' };
const of = (...values: readonly string[]): JsonObject => ({ key: REVISION, operator: 'In', values });
const team = (value: string): JsonObject => ({ key: 'team', operator: 'In', values: [value] });
const setsOf = (...configurations: readonly JsonObject[]): readonly string[] =>
  overlappingReleases(configurations).map((one) => one.configurations.join());

describe('releases that serve the same namespaces', () => {
  it.each<[string, readonly JsonObject[], readonly string[]]>([
    ['none', [], []],
    ['one', [release('a', without)], []],
    ['two without a revision', [release('a', without), release('b', without)], ['a,b']],
    ['one with, one without', [release('a', without), release('b', of('canary'))], []],
    ['two of the same revision', [release('a', of('canary')), release('b', of('canary'))], ['a,b']],
    ['of several revisions, one the same', [release('a', of('one', 'two')), release('b', of('two'))], ['a,b']],
    ['one of all namespaces', [release('a'), release('b', of('canary')), release('c', without)], ['a,c', 'a,b']],
    ['apart by a label of others', [release('a', team('a')), release('b', team('b'))], []],
  ])('%s', (_, configurations, expected) => {
    expect(setsOf(...configurations)).toEqual(expected);
  });

  it('are found in the namespaces that exist, by any label', () => {
    const both = [release('a', { key: 'team', operator: 'Exists' }), release('b', team('b'))];
    const labels = { 'agent-injector.io/injection': 'enabled', team: 'b' };
    expect(overlappingReleases(both, [{ name: 'shop', labels }])).toEqual([
      { configurations: ['a', 'b'], namespaces: 'namespace shop' },
    ]);
  });
});

it('a namespace has no release if its revision is that of none', () => {
  const named = (name: string, revision?: string) => ({
    name,
    labels: {
      'agent-injector.io/injection': 'enabled',
      ...(revision !== undefined && { [REVISION]: revision }),
    },
  });
  const all = [named('plain'), named('served', 'canary'), named('lost', 'cannary')];
  const found = withoutRelease([release('a', without), release('b', of('canary'))], all);
  expect(found.map(({ name }) => name)).toEqual(['lost']);
});

it('the revision of a release is that of its entries', () => {
  expect([release('a'), release('a', without), release('a', of('canary'))].map(revisionOf)).toEqual([
    undefined,
    undefined,
    'canary',
  ]);
});
