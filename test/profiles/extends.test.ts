import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtInDocuments } from '../../src/profile-sources/builtin-documents.ts';
import { mergeOver, pathInOwn } from '../../src/profiles/extends.ts';
import type { Json, JsonObject } from '../../src/lib/json.ts';
import { readProfile } from '../../src/profiles/parse.ts';

const over = (base: JsonObject, own: JsonObject) => mergeOver({ spec: base }, { spec: own });
const spec = (base: JsonObject, own: JsonObject): Json | undefined => over(base, own).document['spec'];

describe('layOver', () => {
  it.each<[string, JsonObject, JsonObject, JsonObject]>([
    ['replaces a scalar', { vendor: 'A', description: 'd' }, { vendor: 'B' }, { vendor: 'B', description: 'd' }],
    [
      'merges objects',
      { constraints: { os: ['linux'] } },
      { constraints: { libc: ['musl'] } },
      { constraints: { os: ['linux'], libc: ['musl'] } },
    ],
    ['replaces a list of values', { slots: ['a', 'b'] }, { slots: ['c'] }, { slots: ['c'] }],
    ['takes a field away by null', { vendor: 'A', slots: ['a'] }, { slots: null }, { vendor: 'A' }],
    [
      'takes a field of an object away by null',
      { constraints: { os: ['linux'], arch: ['amd64'] } },
      { constraints: { arch: null } },
      { constraints: { os: ['linux'] } },
    ],
    ['minds no null where nothing is', { vendor: 'A' }, { language: null }, { vendor: 'A' }],
    [
      'merges parameters by name, new ones behind',
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
      'takes a field of a named thing away by null',
      { parameters: [{ name: 'a', default: 'x', required: true }] },
      { parameters: [{ name: 'a', default: null }] },
      { parameters: [{ name: 'a', required: true }] },
    ],
    [
      'takes a named thing away by remove',
      { mounts: [{ path: '/a' }, { path: '/b' }] },
      { mounts: [{ path: '/a', remove: true }] },
      { mounts: [{ path: '/b' }] },
    ],
    [
      'knows a delivery by its name, or by its type where it has none',
      {
        deliveries: [
          { type: 'image', image: 'a' },
          { type: 'csi', name: 'own', driver: 'x' },
        ],
      },
      { deliveries: [{ name: 'image', image: 'b' }, { name: 'own', driver: 'y' }, { type: 'baked' }] },
      {
        deliveries: [
          { type: 'image', name: 'image', image: 'b' },
          { type: 'csi', name: 'own', driver: 'y' },
          { type: 'baked' },
        ],
      },
    ],
    [
      'knows a variable by its name, and what is added to it at either end',
      {
        environment: [
          { name: 'A', value: '1' },
          { name: 'L', operation: 'append', value: 'x', separator: ' ' },
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
          { name: 'L', operation: 'append', value: 'z', separator: ' ' },
          { name: 'L', operation: 'prepend', value: 'y', separator: ' ' },
        ],
      },
    ],
    [
      'pairs the entries of one variable in their order',
      { environment: [1, 2].map((n) => ({ name: 'L', operation: 'append', value: `${n}`, separator: ':' })) },
      { environment: [3, 4, 5].map((n) => ({ name: 'L', operation: 'append', value: `${n}` })) },
      {
        environment: [
          { name: 'L', operation: 'append', value: '3', separator: ':' },
          { name: 'L', operation: 'append', value: '4', separator: ':' },
          { name: 'L', operation: 'append', value: '5' },
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
      'replaces what is no list by a list',
      { mounts: { path: '/a' } },
      { mounts: [{ path: '/b' }] },
      { mounts: [{ path: '/b' }] },
    ],
    [
      'leaves what makes no sense to the schema',
      { mounts: [{ path: '/a' }] },
      { mounts: ['x', { remove: 1 }] },
      { mounts: [{ path: '/a' }, 'x', { remove: 1 }] },
    ],
  ])('%s', (_, base, own, expected) => {
    expect(spec(base, own)).toEqual(expected);
    expect(over(base, own).problems).toEqual([]);
  });

  it('says what there is nothing to remove of', () => {
    const { problems } = over(
      { mounts: [{ path: '/agent' }] },
      { mounts: [{ path: '/agnet', remove: true }, { remove: true }] },
    );
    expect(problems).toEqual([
      { path: ['spec', 'mounts', 0, 'remove'], message: 'there is no "/agnet" to remove; did you mean "/agent"?' },
      { path: ['spec', 'mounts', 1, 'remove'], message: 'says not what is to be removed' },
    ]);
  });

  it('takes __proto__ for a name like any other', () => {
    const own = JSON.parse('{"constraints":{"__proto__":{"x":1}},"__proto__":{"vendor":"evil"}}') as JsonObject;
    const laid = spec({ constraints: {} }, own) as JsonObject;
    expect(Object.keys(laid)).toEqual(['constraints', '__proto__']);
    expect(laid['vendor']).toBeUndefined();
    expect(({} as Record<string, unknown>)['vendor']).toBeUndefined();
  });

  it.each(
    builtInDocuments.profiles.map((document) => [
      (document as { metadata: { name: string } }).metadata.name,
      document as JsonObject,
    ]),
  )('with nothing laid over it, %s is what it was', (name, document) => {
    const laid = mergeOver(document, { ...document, spec: { extends: name } });
    const read = readProfile(laid.document);
    const before = readProfile(document);
    assert(read.ok && before.ok);
    expect(read.profile).toEqual({ ...before.profile, tests: [] });
  });
});

describe('of any two specs', () => {
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

  it('nothing laid over a spec changes nothing', () => {
    fc.assert(fc.property(specs, (base) => assert.deepEqual(spec(base, {}), base)));
  });

  it('laid over nothing, a spec is itself but for its nulls', () => {
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

  it('twice laid over is once laid over', () => {
    fc.assert(
      fc.property(specs, specs, (base, own) => {
        const once = spec(base, own) as JsonObject;
        assert.deepEqual(spec(once, own), once);
      }),
    );
  });

  it('every name of either is there, once, and the inherited ones in their order', () => {
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

  it('neither is written to', () => {
    fc.assert(
      fc.property(specs, specs, (base, own) => {
        const before = structuredClone([base, own]);
        spec(base, own);
        assert.deepEqual([base, own], before);
      }),
    );
  });
});

describe('pathInOwn', () => {
  const base = { spec: { parameters: [{ name: 'a' }, { name: 'b', default: 1 }], vendor: 'A' } };
  const own = { spec: { parameters: [{ name: 'b', default: 'x' }], slots: ['y'] } };
  const { document } = mergeOver(base, own);
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
    expect(pathInOwn(own, document, path)).toEqual(expected);
  });
});
