import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Admission, admit } from '../../../src/admission/admit.ts';
import type { Catalogue } from '../../../src/profiles/catalogue.ts';
import { readCatalogue } from '../../../src/profile-sources/read-catalogue.ts';
import type { ClusterState } from '../../../src/kubernetes/cluster-state.ts';
import type { EnvVar } from '../../../src/kubernetes/pod.ts';
import { catalogueOf, container, namespace, pod, profileDocument, opened } from '../../support/fixtures.ts';
import { environmentOf, expand, type Objects } from '../../support/kubelet-environment.ts';

const objects: Objects = {
  configMaps: {
    known: { X: 'existing', A: 'a', OTHER: 'other' },
    hidden: { X: 'existing' },
    parts: { _X: 'existing' },
  },
  secrets: { secret: { key: 'existing' } },
};
const cluster: ClusterState = {
  kubernetes: { major: 1, minor: 36 },
  configMapKeys: (_, name) => (name === 'hidden' ? undefined : new Set(Object.keys(objects.configMaps[name] ?? {}))),
};

interface App {
  readonly env?: readonly (EnvVar | { readonly name: string; readonly value: null })[];
  readonly envFrom?: readonly object[];
}

function admitted(known: Catalogue, app: App, annotations: Record<string, string> = {}): Admission {
  return admit(pod([container('app', { ...app })], annotations), namespace(), known, cluster);
}

/** The variables of the app after the injection, or the code of the reason against it. A second pass must change nothing. */
function variablesOf(
  known: Catalogue,
  app: App,
  annotations: Record<string, string> = {},
): Record<string, string> | string {
  const { decision, pod: after } = admitted(known, app, annotations);
  expect(decision.outcome !== 'injected' && decision.reason.code).not.toBe('rule-broken');
  expect(admit(after, namespace(), known, cluster).operations).toEqual([]);
  const skipped = decision.containers.find(({ outcome }) => outcome === 'skipped');
  if (skipped?.outcome === 'skipped') return skipped.reason.code;
  const [patched] = after.spec.containers;
  return Object.fromEntries((patched && environmentOf(patched, objects)) ?? []);
}

const entry = (operation: string, value = 'added', rest: object = {}) =>
  catalogueOf(profileDocument({ environment: [{ name: 'X', operation, value, ...rest }] }));

const secretRef = (rest: object = {}) => ({ valueFrom: { secretKeyRef: { name: 'secret', key: 'key', ...rest } } });
const sources: readonly (readonly [string, App, string | undefined])[] = [
  ['absent', {}, ''],
  ['empty', { env: [{ name: 'X', value: '' }] }, ''],
  ['without a value', { env: [{ name: 'X' }] }, ''],
  ['null', { env: [{ name: 'X', value: null }] }, ''],
  ['given by value', { env: [{ name: 'X', value: 'existing' }] }, 'existing'],
  [
    'defined twice',
    {
      env: [
        { name: 'X', value: 'first' },
        { name: 'X', value: 'existing' },
      ],
    },
    'existing',
  ],
  [
    'given by another variable',
    {
      env: [
        { name: 'T', value: 'existing' },
        { name: 'X', value: '$(T)' },
      ],
    },
    'existing',
  ],
  ['given with an escape', { env: [{ name: 'X', value: '$$(X)$$$(X)$' }] }, '$(X)$$(X)$'],
  [
    'given by a field',
    { env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
    'the metadata.name',
  ],
  ['given by a Secret', { env: [{ name: 'X', ...secretRef() }] }, 'existing'],
  [
    'given by a file',
    { env: [{ name: 'X', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'env', key: 'X' } } }] },
    undefined,
  ],
  ['given by an optional Secret', { env: [{ name: 'X', ...secretRef({ optional: true }) }] }, undefined],
  [
    'given by value, then by a Secret',
    {
      env: [
        { name: 'X', value: 'first' },
        { name: 'X', ...secretRef() },
      ],
    },
    'existing',
  ],
  ['given by envFrom', { envFrom: [{ configMapRef: { name: 'known' } }] }, 'existing'],
  ['absent, but for a prefix in envFrom', { envFrom: [{ configMapRef: { name: 'known' }, prefix: 'Y_' }] }, ''],
  [
    'given by envFrom with a prefix',
    {
      envFrom: [
        { configMapRef: { name: 'known' }, prefix: '' },
        { configMapRef: { name: 'parts' }, prefix: 'X' },
      ],
    },
    'existing',
  ],
  [
    'absent, but for a prefix of sources that cannot be read',
    {
      envFrom: [
        { secretRef: { name: 'secret' }, prefix: 'Y_' },
        { configMapRef: { name: 'hidden' }, prefix: 'X' },
      ],
    },
    '',
  ],
  ['perhaps given by an unknown ConfigMap in envFrom', { envFrom: [{ configMapRef: { name: 'hidden' } }] }, undefined],
  ['perhaps given by a Secret in envFrom', { envFrom: [{ secretRef: { name: 'secret' } }] }, undefined],
];

describe.each([' ', ':', ';', ','])('a list with "%s"', (separator) => {
  it.each(sources)('append to a variable that is %s', (_, app, existing) => {
    const result = variablesOf(entry('append', 'added', { separator }), app);
    if (existing === undefined) expect(result).toBe('unproven-variable');
    else expect(result).toMatchObject({ X: [existing, 'added'].filter((text) => text !== '').join(separator) });
  });

  it.each(sources)('prepend to a variable that is %s', (_, app, existing) => {
    const result = variablesOf(entry('prepend', 'added', { separator }), app);
    if (existing === undefined) expect(result).toBe('unproven-variable');
    else expect(result).toMatchObject({ X: ['added', existing].filter((text) => text !== '').join(separator) });
  });

  it.each(sources)('merge into a variable that is %s', (_, app, existing) => {
    const result = variablesOf(entry('merge', `k=v${separator}l=w`, { separator, assignment: '=' }), app);
    if (existing === undefined) expect(result).toBe('unproven-variable');
    else expect(result).toMatchObject({ X: ['k=v', 'l=w', existing].filter((text) => text !== '').join(separator) });
  });
});

describe('set and force', () => {
  it.each(sources)('force replaces a variable that is %s', (_, app) => {
    expect(variablesOf(entry('force'), app)).toMatchObject({ X: 'added' });
  });

  it.each(sources.filter(([, , existing]) => existing !== undefined))(
    'set keeps a variable that is %s',
    (source, app, existing) => {
      const result = variablesOf(entry('set'), app);
      const isFree = source.startsWith('absent');
      expect(result).toMatchObject({ X: isFree ? 'added' : existing });
    },
  );

  const fromField = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });

  it.each([
    ['another field', fromField('metadata.uid')],
    ['a text', { value: 'existing' }],
  ])('force by reference over %s', (_, existing) => {
    const known = catalogueOf(
      profileDocument({ environment: [{ name: 'X', operation: 'force', ...fromField('metadata.name') }] }),
    );
    expect(variablesOf(known, { env: [{ name: 'X', ...existing }] })).toMatchObject({ X: 'the metadata.name' });
  });

  it('a reference in a group is recognized after the API server has added defaults', () => {
    const known = catalogueOf(
      profileDocument({ environment: [{ name: 'X', group: 'g', ...fromField('metadata.name') }] }),
    );
    const filled = { name: 'X', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } };
    expect(variablesOf(known, { env: [filled] })).toBe('variables-already-set');
    expect(variablesOf(known, { env: [{ name: 'X', ...fromField('metadata.uid') }] })).toBe('conflicting-variable');
  });

  it('a reference in a value that a user gives stays text: only the profile refers to variables', () => {
    const environment = [
      { name: 'X', value: '$(A)/${text}' },
      { name: 'A', value: 'a' },
    ];
    const parameters = [{ name: 'text', type: 'string', required: true, description: 'd' }];
    const known = catalogueOf(profileDocument({ environment, parameters }));
    expect(variablesOf(known, {}, { text: '$(A)' })).toMatchObject({ X: 'a/$(A)' });
  });

  it('name and key of a Secret may be parameters', () => {
    const environment = [{ name: 'X', valueFrom: { secretKeyRef: { name: '${secret}', key: '${key}' } } }];
    const parameters = [
      { name: 'secret', type: 'objectName', required: true, description: 'd' },
      { name: 'key', type: 'objectName', default: 'license', description: 'd' },
    ];
    const known = opened(catalogueOf(profileDocument({ environment, parameters })));
    const [app] = admitted(known, {}, { secret: 'team-a', key: 'token' }).pod.spec.containers;
    expect(app?.env).toEqual([
      { name: 'X', valueFrom: { secretKeyRef: { name: 'team-a', key: 'token', optional: true } } },
    ]);
    expect(variablesOf(known, {}, { secret: 'secret', key: 'key' })).toMatchObject({ X: 'existing' });
  });

  it('env-from-keys states which variables come from envFrom', () => {
    const app = { envFrom: [{ secretRef: { name: 'secret' } }, { configMapRef: { name: 'hidden' } }] };
    const known = entry('append', 'added', { separator: ' ' });
    expect(variablesOf(known, app, { 'env-from-keys': 'X' })).toMatchObject({ X: 'existing added' });
    const without = { envFrom: [{ secretRef: { name: 'secret' } }] };
    expect(variablesOf(known, without, { 'env-from-keys': 'none' })).toMatchObject({ X: 'added' });
  });
});

describe('an element that a list contains is not added', () => {
  const jar = '-javaagent:/a.jar';
  it.each([
    ['the same word', ' ', jar, `-Xmx1g ${jar}`, true],
    ['the same word, with blanks', ' ', jar, `  -Xmx1g   ${jar}  `, true],
    ['a longer word', ' ', jar, `${jar}.bak`, false],
    ['a word with the same end', ' ', jar, `x${jar}`, false],
    ['the option with another value', ' ', jar, `${jar}=debug`, true],
    ['the option without a value', ' ', `${jar}=debug`, jar, true],
    ['a property with another value', ' ', '-Dk=v', '-Dk=w', true],
    ['a longer property', ' ', '-Dk=v', '-Dkk=v', false],
    ['two words', ' ', '--require /x.js', '--require /x.js --y', true],
    ['two words that are apart', ' ', '--require /x.js', '--require /y.js /x.js', false],
    ['a repeatable option', ' ', '--require=/x.js', '--require=/y.js', false],
    ['a repeatable option with a blank', ' ', '--require=/x.js', '--require /y.js', false],
    ['a repeatable option with the same value', ' ', '--require=/x.js', '--require=/y.js --require=/x.js', true],
    ['a path', ':', '/a', '/b:/a', true],
    ['a longer path', ':', '/a', '/a/b:/aa', false],
  ])('%s', (_, separator, added, existing, isThere) => {
    const known = entry('append', added, { separator });
    const result = variablesOf(known, { env: [{ name: 'X', value: existing }] });
    if (isThere) expect(result).toBe('variables-already-set');
    else expect(result).toMatchObject({ X: `${existing}${separator}${added}` });
  });

  it.each([
    ['a=1', 'k=v,a=1'],
    ['a=1,', 'k=v,a=1,'],
    ['a=1,,b=2,,', 'k=v,a=1,,b=2,,'],
    [',a=1', 'k=v,,a=1'],
    // Of two pairs of one name the later one counts: the author's.
    ['a=$(NAMES)', 'k=v,a=$(NAMES)'],
    [' k = w ', ' k = w '],
    ['k', 'k'],
    ['kk=1', 'k=v,kk=1'],
  ])('merge into "%s"', (existing, merged) => {
    const environment = [
      { name: 'X', operation: 'merge', value: 'k=v', separator: ',', assignment: '=' },
      { name: 'ON', value: '1', group: 'g' },
    ];
    expect(
      variablesOf(catalogueOf(profileDocument({ environment })), { env: [{ name: 'X', value: existing }] }),
    ).toMatchObject({
      X: merged,
    });
  });
});

describe('names and order of variables', () => {
  const append = (value: string, ...others: object[]) =>
    catalogueOf(
      profileDocument({ environment: [{ name: 'X', operation: 'append', separator: ' ', value }, ...others] }),
    );
  const names = (known: Catalogue, app: App): readonly string[] =>
    (admitted(known, app).pod.spec.containers[0]?.env ?? []).map(({ name }) => name);
  const reference = { name: 'X', ...secretRef() };

  it.each<[string, App, string]>([
    ['a variable', { env: [reference, { name: 'X_ORIGINAL', value: 'mine' }] }, 'mine'],
    ['envFrom', { env: [reference], envFrom: [{ configMapRef: { name: 'originals' } }] }, 'mine'],
    ['a reference in plain text', { env: [reference, { name: 'T', value: '$(X_ORIGINAL)' }] }, ''],
  ])('X_ORIGINAL is in use by %s', (_, app, mine) => {
    const configMaps: Objects['configMaps'] = { ...objects.configMaps, originals: { X_ORIGINAL: 'mine' } };
    const world = { ...objects, configMaps };
    const at: ClusterState = { ...cluster, configMapKeys: (__, name) => new Set(Object.keys(configMaps[name] ?? {})) };
    const { pod: after } = admit(pod([container('app', { ...app })]), namespace(), append('added'), at);
    const [has] = after.spec.containers;
    const environment = Object.fromEntries((has && environmentOf(has, world)) ?? []);
    expect(environment).toMatchObject({ X: 'existing added', X_ORIGINAL_2: 'existing' });
    if (mine !== '') expect(environment['X_ORIGINAL']).toBe(mine);
    if (app.env?.some(({ name }) => name === 'T')) expect(environment['T']).toBe('$(X_ORIGINAL)');
  });

  it('a new variable is inserted before the existing one that refers to it, and all others keep their places', () => {
    const known = append('-D$(ONE)', { name: 'ONE', value: '1$(TWO)' }, { name: 'TWO', value: '2' });
    const app = {
      env: [
        { name: 'A', value: 'a' },
        { name: 'X', value: 'x' },
        { name: 'B', value: '$(X)' },
      ],
    };
    expect(names(known, app)).toEqual(['A', 'TWO', 'ONE', 'X', 'B']);
    expect(variablesOf(known, app)).toEqual({ A: 'a', TWO: '2', ONE: '12', X: 'x -D12', B: 'x -D12' });
  });

  it('new variables come last, each behind those that it refers to', () => {
    const known = catalogueOf(
      profileDocument({
        environment: [
          { name: 'URL', value: 'http://$(HOST)' },
          { name: 'HOST', value: 'h' },
        ],
      }),
    );
    expect(names(known, { env: [{ name: 'A', value: '$(HOST)' }] })).toEqual(['A', 'HOST', 'URL']);
    expect(variablesOf(known, { env: [{ name: 'A', value: '$(HOST)' }] })).toMatchObject({
      A: '$(HOST)',
      URL: 'http://h',
    });
  });

  it.each<[string, App, string]>([
    [
      'comes later',
      {
        env: [
          { name: 'X', value: 'x' },
          { name: 'ONE', value: '1' },
        ],
      },
      'order',
    ],
    [
      'may not exist',
      {
        env: [
          { name: 'ONE', ...secretRef({ optional: true }) },
          { name: 'X', value: 'x' },
        ],
      },
      'optional',
    ],
    [
      'is plain text in a later value',
      {
        env: [
          { name: 'X', value: 'x' },
          { name: 'B', value: '$(ONE)' },
        ],
      },
      'order',
    ],
  ])('a variable that an added value refers to %s: not injected', (_, app, why) => {
    const { decision, pod: after } = admitted(append('-D$(ONE)', { name: 'ONE', value: '1' }), app);
    expect(decision.outcome !== 'injected' && decision.reason).toEqual({
      code: 'unproven-variable',
      variable: 'ONE',
      why,
      profile: 'agent',
    });
    expect(after.spec.containers[0]?.env).toEqual(app.env);
  });

  it('an open reference in the existing value does not include the added value', () => {
    const known = append('-D$(ONE)', { name: 'ONE', value: '1' });
    expect(variablesOf(known, { env: [{ name: 'X', value: '$$ $(open' }] })).toMatchObject({ X: '$ $(open -D1' });
  });

  it.each([
    [
      'a cycle',
      [
        { name: 'A', value: '$(B)' },
        { name: 'B', value: '$(A)' },
      ],
      '[0].value',
    ],
    ['a reference to an unknown variable', [{ name: 'A', value: '$(B)' }], '[0].value'],
    [
      'a reference to an optional variable',
      [
        { name: 'A', value: '$(B)' },
        { name: 'B', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      ],
      '[0].value',
    ],
    [
      'a reference to a conditional variable',
      [
        { name: 'A', value: '$(B)' },
        { name: 'B', value: 'b', when: { readOnlyRootFilesystem: true } },
      ],
      '[0].value',
    ],
    [
      'a separator with a meaning to the kubelet',
      [{ name: 'A', operation: 'append', value: 'x', separator: '$' }],
      '[0].separator',
    ],
    [
      'a duplicate name',
      [
        { name: 'A', value: 'a' },
        { name: 'A', operation: 'force', value: 'b' },
      ],
      '[1]',
    ],
  ])('%s is invalid in a profile', (_, environment, path) => {
    expect(() => catalogueOf(profileDocument({ environment }))).toThrow(`agent.spec.environment${path}:`);
  });

  it('prepend and append to one variable', () => {
    const environment = [
      { name: 'X', operation: 'prepend', separator: ':', value: '/first' },
      { name: 'X', operation: 'append', separator: ':', value: '/last' },
    ];
    const known = catalogueOf(profileDocument({ environment }));
    expect(variablesOf(known, { env: [{ name: 'X', value: '/x' }] })).toMatchObject({ X: '/first:/x:/last' });
    expect(variablesOf(known, { env: [reference] })).toMatchObject({ X: '/first:existing:/last' });
    expect(variablesOf(known, {})).toMatchObject({ X: '/first:/last' });
    expect(variablesOf(known, { env: [{ name: 'X', value: '/last:/x' }] })).toMatchObject({ X: '/first:/last:/x' });
  });

  it('a group is injected as a whole or not at all, whatever its operations', () => {
    const environment = [
      { name: 'ON', value: '1', group: 'g' },
      { name: 'X', operation: 'append', separator: ' ', value: 'added', group: 'g' },
    ];
    const known = catalogueOf(profileDocument({ environment }));
    expect(variablesOf(known, { env: [{ name: 'ON', value: '0' }] })).toBe('conflicting-variable');
    expect(variablesOf(known, { env: [{ name: 'X', ...secretRef({ optional: true }) }] })).toBe('unproven-variable');
    expect(variablesOf(known, { env: [{ name: 'ON', value: '1' }] })).toMatchObject({ ON: '1', X: 'added' });
    expect(
      variablesOf(known, {
        env: [
          { name: 'ON', value: '1' },
          { name: 'X', value: 'x added' },
        ],
      }),
    ).toBe('variables-already-set');
    expect(
      variablesOf(known, { envFrom: [{ configMapRef: { name: 'known' } }], env: [{ name: 'X', value: '' }] }),
    ).toMatchObject({ X: 'added' });
  });
});

describe('for generated variables and profiles', () => {
  const pool = ['A', 'B', 'X', 'Y', 'X_ORIGINAL'];
  const soup = fc
    .array(fc.constantFrom('a', ' ', '$', '$$', '$(', ')', ...pool.map((name) => `$(${name})`)), { maxLength: 5 })
    .map((parts) => parts.join(''));
  const secret = (key: string, optional: boolean) => ({
    valueFrom: { secretKeyRef: { name: 'secret', key, optional } },
  });
  const variable = fc.tuple(
    fc.constantFrom(...pool),
    fc.oneof(
      { weight: 8, arbitrary: soup.map((value) => ({ value })) },
      {
        weight: 1,
        arbitrary: fc.constantFrom({ valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }, secret('key', false)),
      },
      { weight: 1, arbitrary: fc.constantFrom(secret('key', true), secret('none', true)) },
    ),
  );
  const app = fc.record({
    env: fc.array(
      variable.map(([name, rest]): EnvVar => ({ name, ...rest })),
      { maxLength: 6 },
    ),
    envFrom: fc.array(
      fc.constantFrom(
        { configMapRef: { name: 'known' } },
        { configMapRef: { name: 'known' }, prefix: 'X' },
        { secretRef: { name: 'secret' } },
      ),
      { maxLength: 1 },
    ),
  });
  const profile = fc
    .uniqueArray(
      fc.record({
        name: fc.constantFrom('A', 'B', 'X', 'Y'),
        operation: fc.constantFrom('set', 'force', 'append', 'prepend', 'merge'),
        refers: fc.option(fc.constantFrom('A', 'B', 'X', 'Y')),
      }),
      { selector: ({ name }) => name, minLength: 1, maxLength: 3 },
    )
    .map((entries) =>
      entries.map((one, index) => ({
        ...one,
        // No cycle and no unknown name: those are invalid profiles, tested above.
        refers: entries.slice(index + 1).some(({ name }) => name === one.refers) ? one.refers : null,
      })),
    );
  type Entries = typeof profile extends fc.Arbitrary<infer T> ? T : never;

  const textOf = ({ name, refers }: Entries[number]): string => `added${name}=${refers === null ? '' : `$(${refers})`}`;
  const document = (entries: Entries) =>
    profileDocument({
      environment: entries.map((one) => ({
        name: one.name,
        operation: one.operation,
        value: textOf(one),
        ...(['append', 'prepend', 'merge'].includes(one.operation) && { separator: ',' }),
        ...(one.operation === 'merge' && { assignment: '=' }),
      })),
    });

  /** The expected variables: the existing ones with the operations applied in place, then the new ones. */
  function model(
    written: { env: readonly EnvVar[]; envFrom: readonly object[] },
    entries: Entries,
  ): ReadonlyMap<string, string> | undefined {
    const ofName = (name: string) => entries.find((one) => one.name === name);
    const isThere = (name: string) => written.env.some((one) => one.name === name);
    const given = new Map(environmentOf(container('app', { envFrom: written.envFrom }), objects));
    const areKeysKnown = written.envFrom.every((from) => 'configMapRef' in from);
    const added = (one: Entries[number], known: (name: string) => string | undefined): string =>
      expand(textOf(one), (name) => newValue(ofName(name), known) ?? known(name));
    /** The value of a variable that is not in `env`: the value from `envFrom` with the operation applied. */
    const newValue = (
      one: Entries[number] | undefined,
      known: (name: string) => string | undefined,
    ): string | undefined => {
      if (!one || isThere(one.name)) return undefined;
      const existing = given.get(one.name);
      if (one.operation === 'set' && existing !== undefined && areKeysKnown) return existing;
      return done(one, existing ?? '', existing === undefined, added(one, known));
    };
    const done = (one: Entries[number], existing: string, isEmpty: boolean, own: string): string => {
      if (one.operation === 'force') return own;
      if (isEmpty) return own;
      return one.operation === 'append' ? `${existing},${own}` : `${own},${existing}`;
    };
    const result = environmentOf(container('app', { ...written }), objects, (name, value, index, known) => {
      const one = ofName(name);
      if (!one || one.operation === 'set' || written.env.findLastIndex((each) => each.name === name) !== index)
        return value;
      const { value: raw, valueFrom } = written.env[index] ?? { name };
      return done(one, value ?? '', !valueFrom && (raw ?? '') === '', added(one, known));
    });
    const all = new Map(result ?? []);
    for (const one of entries) {
      const value = newValue(one, (name) => result?.get(name));
      if (value !== undefined) all.set(one.name, value);
    }
    return result && all;
  }

  it('the app keeps its variables and gets exactly what the profile adds', () => {
    const counts = { injected: 0, renamed: 0, anchored: 0 };
    fc.assert(
      fc.property(app, profile, (written, entries) => {
        const read = readCatalogue({
          profiles: [document(entries)],
          slots: [],
          foreignAgents: [],
          sidecars: [],
          defaults: { profile: 'agent' },
        });
        if (!read.ok) return;
        const { decision, pod: after } = admitted(read.value, written);
        expect(decision.outcome !== 'injected' && decision.reason.code).not.toBe('rule-broken');
        if (decision.outcome !== 'injected') return;
        counts.injected++;
        const [has] = after.spec.containers;
        const found = new Map(has && environmentOf(has, objects));
        const wanted = model(written, entries);
        if (!has || !wanted) return;
        const extra = [...found.keys()].filter((name) => !wanted.has(name));
        expect(extra.every((name) => name.includes('_ORIGINAL'))).toBe(true);
        if (extra.length > 0) counts.renamed++;
        if (has.env?.slice(0, written.env.length).some((one, index) => one.name !== written.env[index]?.name))
          counts.anchored++;
        expect(Object.fromEntries([...found].filter(([name]) => wanted.has(name)))).toEqual(Object.fromEntries(wanted));
      }),
      { numRuns: 10_000, seed: 20_261_121 },
    );
    expect(counts.injected).toBeGreaterThan(3000);
    expect(counts.renamed).toBeGreaterThan(100);
    expect(counts.anchored).toBeGreaterThan(100);
  }, 60_000);
});

describe('a variable that cannot be extended says why', () => {
  const appended = entry('append', 'added', { separator: ':' });
  it.each<[string, App, string]>([
    ['by envFrom', { envFrom: [{ secretRef: { name: 'secret' } }] }, 'unseen'],
    ['an optional reference', { env: [{ name: 'X', ...secretRef({ optional: true }) }] }, 'optional'],
  ])('%s', (_, app, why) => {
    const { decision } = admitted(appended, app);
    expect(decision.outcome !== 'injected' && decision.reason).toMatchObject({ code: 'unproven-variable', why });
    // What the hint for envFrom says changes nothing for a reference.
    const said = admitted(appended, app, { 'env-from-keys': 'none' }).decision.outcome;
    expect(said).toBe(why === 'unseen' ? 'injected' : 'skipped');
  });
});

describe('what a list starts with where the variable is not set', () => {
  it.each<[string, object, App, string]>([
    ['an empty first part', { operation: 'append', absent: '' }, {}, ':added'],
    ['an empty last part', { operation: 'prepend', absent: '' }, {}, 'added:'],
    ['what the program takes', { operation: 'append', absent: '.' }, {}, '.:added'],
    [
      'not with a value of the author',
      { operation: 'append', absent: '' },
      { env: [{ name: 'X', value: 'a' }] },
      'a:added',
    ],
    ['not with an empty one', { operation: 'append', absent: '.' }, { env: [{ name: 'X', value: '' }] }, 'added'],
    [
      'not with one from envFrom',
      { operation: 'append', absent: '.' },
      { envFrom: [{ configMapRef: { name: 'known' } }] },
      'existing:added',
    ],
  ])('%s', (_, rest, app, expected) => {
    const known = catalogueOf(
      profileDocument({ environment: [{ name: 'X', value: 'added', separator: ':', ...rest }] }),
    );
    expect(variablesOf(known, app)).toMatchObject({ X: expected });
  });
});
