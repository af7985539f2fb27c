import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtInDocuments } from '../../src/profile-sources/builtin-documents.ts';
import { mergeDocuments, pathInSource } from '../../src/profiles/extends.ts';
import type { Json, JsonObject } from '../../src/lib/json.ts';
import { parseProfile } from '../../src/profiles/parse.ts';

const over = (base: JsonObject, own: JsonObject) => mergeDocuments({ spec: base }, { spec: own });
const spec = (base: JsonObject, own: JsonObject): Json | undefined => over(base, own).document['spec'];

describe('mergeDocuments', () => {
  it.each<[string, JsonObject, JsonObject, JsonObject]>([
    ['replaces a scalar', { vendor: 'A', description: 'd' }, { vendor: 'B' }, { vendor: 'B', description: 'd' }],
    [
      'merges objects',
      { constraints: { os: ['linux'] } },
      { constraints: { libc: ['musl'] } },
      { constraints: { os: ['linux'], libc: ['musl'] } },
    ],
    ['replaces a list of values', { slots: ['a', 'b'] }, { slots: ['c'] }, { slots: ['c'] }],
    ['removes a field by null', { vendor: 'A', slots: ['a'] }, { slots: null }, { vendor: 'A' }],
    [
      'removes a field of an object by null',
      { constraints: { os: ['linux'], arch: ['amd64'] } },
      { constraints: { arch: null } },
      { constraints: { os: ['linux'] } },
    ],
    ['ignores a null for a field that is not inherited', { vendor: 'A' }, { language: null }, { vendor: 'A' }],
    [
      'merges parameters by name, and appends new ones',
      {
        parameters: [
          { name: 'a', type: 'string' },
          { name: 'b', default: 1 },
        ],
      },
      { parameters: [{ name: 'c' }, { name: 'b', default: 2 }] },
      { parameters: [{ name: 'a', type: 'string' }, { name: 'b', default: 2 }, { name: 'c' }] },
    ],
    [
      'removes a field of a named item by null',
      { parameters: [{ name: 'a', default: 'x', required: true }] },
      { parameters: [{ name: 'a', default: null }] },
      { parameters: [{ name: 'a', required: true }] },
    ],
    [
      'removes a named item by remove',
      { mounts: [{ path: '/a' }, { path: '/b' }] },
      { mounts: [{ path: '/a', remove: true }] },
      { mounts: [{ path: '/b' }] },
    ],
    [
      'identifies a delivery by its name, or by its kind without a name',
      {
        deliveries: [{ image: { reference: 'a' } }, { name: 'own', csi: { driver: 'x' } }],
      },
      {
        deliveries: [
          { name: 'image', image: { subPath: 'b' } },
          { name: 'own', csi: { driver: 'y' } },
          { preinstalled: {} },
        ],
      },
      {
        deliveries: [
          { name: 'image', image: { reference: 'a', subPath: 'b' } },
          { name: 'own', csi: { driver: 'y' } },
          { preinstalled: {} },
        ],
      },
    ],
    [
      'merges what is set by its name, and adds what is appended or prepended to what is inherited',
      {
        environment: [
          { name: 'A', value: '1' },
          { name: 'L', operation: 'append', value: 'x', separator: ' ', group: 'g' },
        ],
      },
      {
        environment: [
          { name: 'L', operation: 'prepend', value: 'y', separator: ' ' },
          { name: 'L', operation: 'append', value: 'z' },
          { name: 'A', operation: 'force' },
        ],
      },
      {
        environment: [
          { name: 'A', value: '1', operation: 'force' },
          { name: 'L', operation: 'append', value: 'x', separator: ' ', group: 'g' },
          { name: 'L', operation: 'prepend', value: 'y', separator: ' ' },
          { separator: ' ', name: 'L', operation: 'append', value: 'z' },
        ],
      },
    ],
    [
      'puts merged assignments before the inherited ones, because the first of a name counts',
      { environment: [{ name: 'L', operation: 'merge', value: 'a=1', separator: ',', assignment: '=' }] },
      { environment: [{ name: 'L', operation: 'merge', value: 'b=2' }] },
      {
        environment: [
          { separator: ',', assignment: '=', name: 'L', operation: 'merge', value: 'b=2' },
          { name: 'L', operation: 'merge', value: 'a=1', separator: ',', assignment: '=' },
        ],
      },
    ],
    [
      'changes an inherited addition by an entry without a value, or with the same',
      { environment: [{ name: 'L', operation: 'append', value: 'x', separator: ':' }] },
      {
        environment: [
          { name: 'L', operation: 'append', when: { readOnlyFiles: true } },
          { name: 'L', operation: 'append', value: 'x', group: 'g' },
        ],
      },
      {
        environment: [
          { name: 'L', operation: 'append', value: 'x', separator: ':', when: { readOnlyFiles: true } },
          { separator: ':', name: 'L', operation: 'append', value: 'x', group: 'g' },
        ],
      },
    ],
    [
      'removes all additions to a variable, or those of one operation, or of one value',
      {
        environment: [
          ...['x', 'y'].map((value) => ({ name: 'L', operation: 'append', value, separator: ':' })),
          { name: 'M', operation: 'append', value: 'x', separator: ':' },
          { name: 'M', operation: 'prepend', value: 'y', separator: ':' },
          ...['x', 'y'].map((value) => ({ name: 'N', operation: 'append', value, separator: ':' })),
        ],
      },
      {
        environment: [
          { name: 'L', remove: true },
          { name: 'M', operation: 'append', remove: true },
          { name: 'N', operation: 'append', value: 'x', remove: true },
          { name: 'L', value: 'mine' },
        ],
      },
      {
        environment: [
          { name: 'M', operation: 'prepend', value: 'y', separator: ':' },
          { name: 'N', operation: 'append', value: 'y', separator: ':' },
          { name: 'L', value: 'mine' },
        ],
      },
    ],
    ['does not inherit tests', { vendor: 'A', tests: [{ name: 'a' }] }, {}, { vendor: 'A' }],
    [
      'keeps its own tests as they are',
      { tests: [{ name: 'a' }] },
      { tests: [{ name: 'b', x: null }] },
      { tests: [{ name: 'b', x: null }] },
    ],
    ['does not inherit extends', { extends: 'z', vendor: 'A' }, { extends: 'y' }, { vendor: 'A', extends: 'y' }],
    [
      'replaces an object by a list',
      { mounts: { path: '/a' } },
      { mounts: [{ path: '/b' }] },
      { mounts: [{ path: '/b' }] },
    ],
    [
      'keeps invalid items for the schema to report',
      { mounts: [{ path: '/a' }] },
      { mounts: ['x', { remove: 1 }] },
      { mounts: [{ path: '/a' }, 'x', { remove: 1 }] },
    ],
  ])('%s', (_, base, own, expected) => {
    expect(spec(base, own)).toEqual(expected);
    expect(over(base, own).problems).toEqual([]);
  });

  it('reports an item to remove that is not inherited', () => {
    const { problems } = over(
      { mounts: [{ path: '/agent' }] },
      { mounts: [{ path: '/agnet', remove: true }, { remove: true }] },
    );
    expect(problems).toEqual([
      { path: ['spec', 'mounts', 0, 'remove'], message: expect.stringMatching(/"\/agnet".*"\/agent"/) },
      { path: ['spec', 'mounts', 1, 'remove'], message: expect.any(String) },
    ]);
  });

  it.each(['append', 'prepend', 'merge'])(
    'reports a value that would take away what is inherited by %s',
    (operation) => {
      const { problems } = over(
        { environment: [{ name: 'L', operation, value: 'a=1', separator: ',', assignment: '=' }] },
        { environment: [{ name: 'L', value: 'mine' }] },
      );
      expect(problems).toEqual([
        { path: ['spec', 'environment', 0, 'name'], message: expect.stringContaining(operation) },
      ]);
    },
  );

  it('reports a variable to remove that is not inherited', () => {
    const { problems } = over(
      { environment: [{ name: 'AGENT', value: '1' }] },
      { environment: [{ name: 'AGNET', remove: true }, { remove: true }] },
    );
    expect(problems).toEqual([
      { path: ['spec', 'environment', 0, 'remove'], message: expect.stringMatching(/"AGNET".*"AGENT"/) },
      { path: ['spec', 'environment', 1, 'remove'], message: expect.any(String) },
    ]);
  });

  it('handles __proto__ like any other name', () => {
    const own = JSON.parse('{"constraints":{"__proto__":{"x":1}},"__proto__":{"vendor":"evil"}}') as JsonObject;
    const merged = spec({ constraints: {} }, own) as JsonObject;
    expect(Object.keys(merged)).toEqual(['constraints', '__proto__']);
    expect(merged['vendor']).toBeUndefined();
    expect(({} as Record<string, unknown>)['vendor']).toBeUndefined();
  });

  it.each(
    (builtInDocuments.profiles as { metadata: { name: string }; spec: { extends?: string } }[])
      .filter(({ spec: { extends: base } }) => base === undefined)
      .map((document) => [document.metadata.name, document as unknown as JsonObject]),
  )('%s, extended without a change, stays the same', (name, document) => {
    const merged = mergeDocuments(document, { ...document, spec: { extends: name } });
    const read = parseProfile(merged.document);
    const before = parseProfile(document);
    assert(read.ok && before.ok);
    expect(read.value).toEqual({ ...before.value, tests: [] });
  });
});

describe('for any two specs', () => {
  const named = (...names: string[]) =>
    fc.uniqueArray(fc.record({ name: fc.constantFrom(...names), a: fc.jsonValue({ maxDepth: 1 }) }), {
      selector: ({ name }) => name,
    });
  const records = fc.record(
    {
      vendor: fc.string(),
      slots: fc.array(fc.string(), { maxLength: 3 }),
      constraints: fc.dictionary(fc.constantFrom('os', 'arch', 'libc'), fc.jsonValue({ maxDepth: 2 })),
      parameters: named('a', 'b', 'c'),
      environment: named('A', 'B', 'C'),
    },
    { requiredKeys: [] },
  );
  const specs = records.map((record) => JSON.parse(JSON.stringify(record)) as JsonObject);
  const withoutNulls = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value).flatMap(([key, one]) => (one === null ? [] : [[key, withoutNulls(one)]])),
        )
      : value;

  it('an empty spec over a base is the base', () => {
    fc.assert(fc.property(specs, (base) => assert.deepEqual(spec(base, {}), base)));
  });

  it('a spec over an empty base is the spec without its nulls', () => {
    fc.assert(
      fc.property(specs, (own) => {
        const lists = Object.fromEntries(
          Object.entries(own).map(([key, value]) => [
            key,
            key === 'slots' || !Array.isArray(value) ? value : value.map(withoutNulls),
          ]),
        );
        assert.deepEqual(spec({}, own), withoutNulls(lists));
      }),
    );
  });

  it('a second merge changes nothing', () => {
    fc.assert(
      fc.property(specs, specs, (base, own) => {
        const once = spec(base, own) as JsonObject;
        assert.deepEqual(spec(once, own), once);
      }),
    );
  });

  it('every name of both is in the result once, inherited ones first and in order', () => {
    fc.assert(
      fc.property(specs, specs, (base, own) => {
        for (const list of ['parameters', 'environment']) {
          const names = (of: JsonObject) => ((of[list] ?? []) as { name: string }[]).map(({ name }) => name);
          const after = names(spec(base, own) as JsonObject);
          assert.deepEqual(after.slice(0, names(base).length), names(base));
          assert.deepEqual(after.toSorted(), [...new Set([...names(base), ...names(own)])].toSorted());
        }
      }),
    );
  });

  it('neither is modified', () => {
    fc.assert(
      fc.property(specs, specs, (base, own) => {
        const before = structuredClone([base, own]);
        spec(base, own);
        assert.deepEqual([base, own], before);
      }),
    );
  });
});

describe('a problem of a variable is located', () => {
  const base = { spec: { environment: [{ name: 'L', operation: 'append', value: 'x', separator: ':' }] } };
  const own = { spec: { environment: [{ name: 'L', operation: 'append', value: 'y' }] } };
  const { document } = mergeDocuments(base, own);
  it.each([
    ['in the list, if it is inherited', 0, ['spec', 'environment']],
    ["in the profile's own entry", 1, ['spec', 'environment', 0, 'value']],
  ])('%s', (_, index, expected) => {
    expect(pathInSource(own, document, ['spec', 'environment', index, 'value'])).toEqual(expected);
  });
});

describe('pathInSource', () => {
  const base = { spec: { parameters: [{ name: 'a' }, { name: 'b', default: 1 }], vendor: 'A' } };
  const own = { spec: { parameters: [{ name: 'b', default: 'x' }], slots: ['y'] } };
  const { document } = mergeDocuments(base, own);
  it.each([
    [
      ['spec', 'parameters', 1, 'default'],
      ['spec', 'parameters', 0, 'default'],
    ],
    [
      ['spec', 'parameters', 0, 'default'],
      ['spec', 'parameters'],
    ],
    [
      ['spec', 'slots', 0],
      ['spec', 'slots', 0],
    ],
    [['spec', 'vendor'], ['spec']],
    [['kind'], []],
  ])('%j is %j', (path, expected) => {
    expect(pathInSource(own, document, path)).toEqual(expected);
  });
});
