import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Admission, admit } from '../../../src/admission/admit.ts';
import type { Catalogue } from '../../../src/profiles/catalogue.ts';
import { readCatalogue } from '../../../src/profile-sources/read-catalogue.ts';
import type { ClusterState } from '../../../src/kubernetes/cluster-state.ts';
import type { EnvVar } from '../../../src/kubernetes/pod.ts';
import { catalogueOf, container, namespace, pod, profileDocument } from '../../support/fixtures.ts';
import { environmentOf, expand, type Objects } from '../../support/kubelet-environment.ts';

const objects: Objects = {
  configMaps: { known: { X: 'theirs', A: 'a', OTHER: 'other' }, hidden: { X: 'theirs' }, parts: { _X: 'theirs' } },
  secrets: { secret: { key: 'theirs' } },
};
const cluster: ClusterState = {
  kubernetes: { major: 1, minor: 36 },
  configMapKeys: (_, name) => (name === 'hidden' ? undefined : new Set(Object.keys(objects.configMaps[name] ?? {}))),
};

interface Written {
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly object[];
}

function admitted(known: Catalogue, app: Written, annotations: Record<string, string> = {}): Admission {
  return admit(pod([container('app', { ...app })], annotations), namespace(), known, cluster);
}

/** The container's environment after injection, as the app sees it; the code of the reason where there is none. */
function seen(
  known: Catalogue,
  app: Written,
  annotations: Record<string, string> = {},
): Record<string, string> | string {
  const { decision, pod: after } = admitted(known, app, annotations);
  expect(decision.outcome !== 'injected' && decision.reason.code).not.toBe('rule-broken');
  expect(admit(after, namespace(), known, cluster).operations).toEqual([]);
  const skipped = decision.containers.find(({ outcome }) => outcome === 'skipped');
  if (skipped?.outcome === 'skipped') return skipped.reason.code;
  const [app2] = after.spec.containers;
  return Object.fromEntries((app2 && environmentOf(app2, objects)) ?? []);
}

const entry = (operation: string, value = 'ours', rest: object = {}) =>
  catalogueOf(profileDocument({ environment: [{ name: 'X', operation, value, ...rest }] }));

const secretRef = (rest: object = {}) => ({ valueFrom: { secretKeyRef: { name: 'secret', key: 'key', ...rest } } });
const ways: readonly (readonly [string, Written, string | undefined])[] = [
  ['absent', {}, ''],
  ['empty', { env: [{ name: 'X', value: '' }] }, ''],
  ['no value at all', { env: [{ name: 'X' }] }, ''],
  ['by value', { env: [{ name: 'X', value: 'theirs' }] }, 'theirs'],
  [
    'twice',
    {
      env: [
        { name: 'X', value: 'first' },
        { name: 'X', value: 'theirs' },
      ],
    },
    'theirs',
  ],
  [
    'by another variable',
    {
      env: [
        { name: 'T', value: 'theirs' },
        { name: 'X', value: '$(T)' },
      ],
    },
    'theirs',
  ],
  ['with an escape', { env: [{ name: 'X', value: '$$(X)$$$(X)$' }] }, '$(X)$$(X)$'],
  [
    'by a field',
    { env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
    'the metadata.name',
  ],
  ['by a Secret', { env: [{ name: 'X', ...secretRef() }] }, 'theirs'],
  ['by a Secret that may be missing', { env: [{ name: 'X', ...secretRef({ optional: true }) }] }, undefined],
  [
    'a value, then a Secret',
    {
      env: [
        { name: 'X', value: 'first' },
        { name: 'X', ...secretRef() },
      ],
    },
    'theirs',
  ],
  ['by envFrom', { envFrom: [{ configMapRef: { name: 'known' } }] }, 'theirs'],
  ['by envFrom with a prefix', { envFrom: [{ configMapRef: { name: 'known' }, prefix: 'Y_' }] }, ''],
  [
    'by envFrom, made by a prefix',
    {
      envFrom: [
        { configMapRef: { name: 'known' }, prefix: '' },
        { configMapRef: { name: 'parts' }, prefix: 'X' },
      ],
    },
    'theirs',
  ],
  ['perhaps by envFrom', { envFrom: [{ configMapRef: { name: 'hidden' } }] }, undefined],
  ['perhaps by a Secret in envFrom', { envFrom: [{ secretRef: { name: 'secret' } }] }, undefined],
];

describe.each([' ', ':', ';', ','])('a list with "%s"', (separator) => {
  it.each(ways)('append to one that is %s', (_, app, theirs) => {
    const result = seen(entry('append', 'ours', { separator }), app);
    if (theirs === undefined) expect(result).toBe('unproven-variable');
    else expect(result).toMatchObject({ X: [theirs, 'ours'].filter((text) => text !== '').join(separator) });
  });

  it.each(ways)('prepend to one that is %s', (_, app, theirs) => {
    const result = seen(entry('prepend', 'ours', { separator }), app);
    if (theirs === undefined) expect(result).toBe('unproven-variable');
    else expect(result).toMatchObject({ X: ['ours', theirs].filter((text) => text !== '').join(separator) });
  });

  it.each(ways)('merge into one that is %s', (_, app, theirs) => {
    const result = seen(entry('merge', `k=v${separator}l=w`, { separator, assignment: '=' }), app);
    if (theirs === undefined) expect(result).toBe('unproven-variable');
    else expect(result).toMatchObject({ X: [theirs, 'k=v', 'l=w'].filter((text) => text !== '').join(separator) });
  });
});

describe('set and force', () => {
  it.each(ways)('force over one that is %s', (_, app) => {
    expect(seen(entry('force'), app)).toMatchObject({ X: 'ours' });
  });

  it.each(ways.filter(([, , theirs]) => theirs !== undefined))(
    'set leaves one alone that is %s',
    (way, app, theirs) => {
      const result = seen(entry('set'), app);
      const isFree = way === 'absent' || way === 'by envFrom with a prefix';
      expect(result).toMatchObject({ X: isFree ? 'ours' : theirs });
    },
  );

  const fromField = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });

  it.each([
    ['another field', fromField('metadata.uid')],
    ['a text', { value: 'theirs' }],
  ])('force by reference over %s', (_, theirs) => {
    const known = catalogueOf(
      profileDocument({ environment: [{ name: 'X', operation: 'force', ...fromField('metadata.name') }] }),
    );
    expect(seen(known, { env: [{ name: 'X', ...theirs }] })).toMatchObject({ X: 'the metadata.name' });
  });

  it('a reference in a group is ours again after the API server has filled it in', () => {
    const known = catalogueOf(
      profileDocument({ environment: [{ name: 'X', group: 'g', ...fromField('metadata.name') }] }),
    );
    const filled = { name: 'X', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } };
    expect(seen(known, { env: [filled] })).toBe('already-instrumented');
    expect(seen(known, { env: [{ name: 'X', ...fromField('metadata.uid') }] })).toBe('conflicting-variable');
  });

  it('a reference in a value that a user gives stays text: only the profile refers to variables', () => {
    const environment = [
      { name: 'X', value: '$(A)/${text}' },
      { name: 'A', value: 'a' },
    ];
    const parameters = [{ name: 'text', type: 'string', required: true, description: 'd' }];
    const known = catalogueOf(profileDocument({ environment, parameters }));
    expect(seen(known, {}, { text: '$(A)' })).toMatchObject({ X: 'a/$(A)' });
  });

  it('name and key of a Secret may be parameters', () => {
    const environment = [{ name: 'X', valueFrom: { secretKeyRef: { name: '${secret}', key: '${key}' } } }];
    const parameters = [
      { name: 'secret', type: 'objectName', required: true, description: 'd' },
      { name: 'key', type: 'objectName', default: 'license', description: 'd' },
    ];
    const known = catalogueOf(profileDocument({ environment, parameters }));
    const [app] = admitted(known, {}, { secret: 'team-a', key: 'token' }).pod.spec.containers;
    expect(app?.env).toEqual([
      { name: 'X', valueFrom: { secretKeyRef: { name: 'team-a', key: 'token', optional: true } } },
    ]);
    expect(seen(known, {}, { secret: 'secret', key: 'key' })).toMatchObject({ X: 'theirs' });
  });

  it('what says which keys come by envFrom is believed', () => {
    const app = { envFrom: [{ secretRef: { name: 'secret' } }, { configMapRef: { name: 'hidden' } }] };
    const known = entry('append', 'ours', { separator: ' ' });
    expect(seen(known, app, { 'env-from-keys': 'X' })).toMatchObject({ X: 'theirs ours' });
    const without = { envFrom: [{ secretRef: { name: 'secret' } }] };
    expect(seen(known, without, { 'env-from-keys': 'none' })).toMatchObject({ X: 'ours' });
  });
});

describe('what is in a list already is not added', () => {
  const jar = '-javaagent:/a.jar';
  it.each([
    ['the word', ' ', jar, `-Xmx1g ${jar}`, true],
    ['the word, with blanks', ' ', jar, `  -Xmx1g   ${jar}  `, true],
    ['the word in another one', ' ', jar, `${jar}.bak`, false],
    ['another word behind ours', ' ', jar, `x${jar}`, false],
    ['the option with options', ' ', jar, `${jar}=debug`, true],
    ['the option without ours', ' ', `${jar}=debug`, jar, true],
    ['a property with another value', ' ', '-Dk=v', '-Dk=w', true],
    ['a longer property', ' ', '-Dk=v', '-Dkk=v', false],
    ['two words', ' ', '--require /x.js', '--require /x.js --y', true],
    ['two words, apart', ' ', '--require /x.js', '--require /y.js /x.js', false],
    ['an option that may stand many times', ' ', '--require=/x.js', '--require=/y.js', false],
    ['an option that may stand many times, with a blank', ' ', '--require=/x.js', '--require /y.js', false],
    ['an option that may stand many times, ours', ' ', '--require=/x.js', '--require=/y.js --require=/x.js', true],
    ['a path', ':', '/a', '/b:/a', true],
    ['a longer path', ':', '/a', '/a/b:/aa', false],
  ])('%s', (_, separator, ours, theirs, isThere) => {
    const known = entry('append', ours, { separator });
    const result = seen(known, { env: [{ name: 'X', value: theirs }] });
    if (isThere) expect(result).toBe('already-instrumented');
    else expect(result).toMatchObject({ X: `${theirs}${separator}${ours}` });
  });

  it.each([
    ['a=1', 'a=1,k=v'],
    ['a=1,', 'a=1,k=v'],
    ['a=1,,b=2,,', 'a=1,,b=2,,k=v'],
    [',a=1', ',a=1,k=v'],
    [' k = w ', ' k = w '],
    ['k', 'k'],
    ['kk=1', 'kk=1,k=v'],
  ])('merge into "%s"', (theirs, merged) => {
    const environment = [
      { name: 'X', operation: 'merge', value: 'k=v', separator: ',', assignment: '=' },
      { name: 'ON', value: '1', group: 'g' },
    ];
    expect(seen(catalogueOf(profileDocument({ environment })), { env: [{ name: 'X', value: theirs }] })).toMatchObject({
      X: merged,
    });
  });
});

describe('names and places', () => {
  const append = (value: string, ...others: object[]) =>
    catalogueOf(
      profileDocument({ environment: [{ name: 'X', operation: 'append', separator: ' ', value }, ...others] }),
    );
  const names = (known: Catalogue, app: Written): readonly string[] =>
    (admitted(known, app).pod.spec.containers[0]?.env ?? []).map(({ name }) => name);
  const reference = { name: 'X', ...secretRef() };

  it.each<[string, Written, string]>([
    ['by a variable', { env: [reference, { name: 'X_ORIGINAL', value: 'mine' }] }, 'mine'],
    ['by envFrom', { env: [reference], envFrom: [{ configMapRef: { name: 'originals' } }] }, 'mine'],
    ['by a mere text', { env: [reference, { name: 'T', value: '$(X_ORIGINAL)' }] }, ''],
  ])('X_ORIGINAL is taken %s', (_, app, mine) => {
    const configMaps: Objects['configMaps'] = { ...objects.configMaps, originals: { X_ORIGINAL: 'mine' } };
    const world = { ...objects, configMaps };
    const at: ClusterState = { ...cluster, configMapKeys: (__, name) => new Set(Object.keys(configMaps[name] ?? {})) };
    const { pod: after } = admit(pod([container('app', { ...app })]), namespace(), append('ours'), at);
    const [has] = after.spec.containers;
    const environment = Object.fromEntries((has && environmentOf(has, world)) ?? []);
    expect(environment).toMatchObject({ X: 'theirs ours', X_ORIGINAL_2: 'theirs' });
    if (mine !== '') expect(environment['X_ORIGINAL']).toBe(mine);
    if (app.env?.some(({ name }) => name === 'T')) expect(environment['T']).toBe('$(X_ORIGINAL)');
  });

  it('a helper stands before the entry of the author that refers to it, and everything else where it stood', () => {
    const known = append('-D$(ONE)', { name: 'ONE', value: '1$(TWO)' }, { name: 'TWO', value: '2' });
    const app = {
      env: [
        { name: 'A', value: 'a' },
        { name: 'X', value: 'x' },
        { name: 'B', value: '$(X)' },
      ],
    };
    expect(names(known, app)).toEqual(['A', 'TWO', 'ONE', 'X', 'B']);
    expect(seen(known, app)).toEqual({ A: 'a', TWO: '2', ONE: '12', X: 'x -D12', B: 'x -D12' });
  });

  it('new ones stand behind what they refer to, at the end', () => {
    const known = catalogueOf(
      profileDocument({
        environment: [
          { name: 'URL', value: 'http://$(HOST)' },
          { name: 'HOST', value: 'h' },
        ],
      }),
    );
    expect(names(known, { env: [{ name: 'A', value: '$(HOST)' }] })).toEqual(['A', 'HOST', 'URL']);
    expect(seen(known, { env: [{ name: 'A', value: '$(HOST)' }] })).toMatchObject({ A: '$(HOST)', URL: 'http://h' });
  });

  it.each<[string, Written, string]>([
    [
      'stands behind',
      {
        env: [
          { name: 'X', value: 'x' },
          { name: 'ONE', value: '1' },
        ],
      },
      'order',
    ],
    [
      'may be missing',
      {
        env: [
          { name: 'ONE', ...secretRef({ optional: true }) },
          { name: 'X', value: 'x' },
        ],
      },
      'unseen',
    ],
    [
      'is a mere text of the author behind',
      {
        env: [
          { name: 'X', value: 'x' },
          { name: 'B', value: '$(ONE)' },
        ],
      },
      'order',
    ],
  ])('what ours refers to %s: not injected, and why', (_, app, why) => {
    const { decision, pod: after } = admitted(append('-D$(ONE)', { name: 'ONE', value: '1' }), app);
    expect(decision.outcome !== 'injected' && decision.reason).toEqual({
      code: 'unproven-variable',
      variable: 'ONE',
      why,
      profile: 'agent',
    });
    expect(after.spec.containers[0]?.env).toEqual(app.env);
  });

  it("a reference that the author's value leaves open does not swallow ours", () => {
    const known = append('-D$(ONE)', { name: 'ONE', value: '1' });
    expect(seen(known, { env: [{ name: 'X', value: '$$ $(open' }] })).toMatchObject({ X: '$ $(open -D1' });
  });

  it.each([
    [
      'a ring',
      [
        { name: 'A', value: '$(B)' },
        { name: 'B', value: '$(A)' },
      ],
      'A → B → A',
    ],
    ['an unknown name', [{ name: 'A', value: '$(B)' }], '$(B)'],
    [
      'one that may be missing',
      [
        { name: 'A', value: '$(B)' },
        { name: 'B', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      ],
      '$(B)',
    ],
    [
      'one with a condition',
      [
        { name: 'A', value: '$(B)' },
        { name: 'B', value: 'b', when: { if: 'readOnlyRootFilesystem' } },
      ],
      '$(B)',
    ],
    [
      'a separator that the kubelet reads',
      [{ name: 'A', operation: 'append', value: 'x', separator: '$' }],
      '$, ( or )',
    ],
    [
      'a name twice',
      [
        { name: 'A', value: 'a' },
        { name: 'A', operation: 'force', value: 'b' },
      ],
      '"A"',
    ],
  ])('%s is a problem of the profile', (_, environment, message) => {
    expect(() => catalogueOf(profileDocument({ environment }))).toThrow(message);
  });

  it('both ends of one list', () => {
    const environment = [
      { name: 'X', operation: 'prepend', separator: ':', value: '/first' },
      { name: 'X', operation: 'append', separator: ':', value: '/last' },
    ];
    const known = catalogueOf(profileDocument({ environment }));
    expect(seen(known, { env: [{ name: 'X', value: '/x' }] })).toMatchObject({ X: '/first:/x:/last' });
    expect(seen(known, { env: [reference] })).toMatchObject({ X: '/first:theirs:/last' });
    expect(seen(known, {})).toMatchObject({ X: '/first:/last' });
    expect(seen(known, { env: [{ name: 'X', value: '/last:/x' }] })).toMatchObject({ X: '/first:/last:/x' });
  });

  it('a group goes in whole or not at all, whatever its operations', () => {
    const environment = [
      { name: 'ON', value: '1', group: 'g' },
      { name: 'X', operation: 'append', separator: ' ', value: 'ours', group: 'g' },
    ];
    const known = catalogueOf(profileDocument({ environment }));
    expect(seen(known, { env: [{ name: 'ON', value: '0' }] })).toBe('conflicting-variable');
    expect(seen(known, { env: [{ name: 'X', ...secretRef({ optional: true }) }] })).toBe('unproven-variable');
    expect(seen(known, { env: [{ name: 'ON', value: '1' }] })).toMatchObject({ ON: '1', X: 'ours' });
    expect(
      seen(known, {
        env: [
          { name: 'ON', value: '1' },
          { name: 'X', value: 'x ours' },
        ],
      }),
    ).toBe('already-instrumented');
    expect(
      seen(known, { envFrom: [{ configMapRef: { name: 'known' } }], env: [{ name: 'X', value: '' }] }),
    ).toMatchObject({ X: 'ours' });
  });
});

describe('for all lists of variables and all profiles', () => {
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
        // No ring, and no name that the profile does not have: those are problems of a profile, tested above.
        refers: entries.slice(index + 1).some(({ name }) => name === one.refers) ? one.refers : null,
      })),
    );
  type Entries = typeof profile extends fc.Arbitrary<infer T> ? T : never;

  const textOf = ({ name, refers }: Entries[number]): string => `ours${name}=${refers === null ? '' : `$(${refers})`}`;
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

  /** What the app should see: what it saw, with each operation done to the value where it stood, or at the end where there was none. */
  function model(
    written: { env: readonly EnvVar[]; envFrom: readonly object[] },
    entries: Entries,
  ): ReadonlyMap<string, string> | undefined {
    const ofName = (name: string) => entries.find((one) => one.name === name);
    const isThere = (name: string) => written.env.some((one) => one.name === name);
    const given = new Map(environmentOf(container('app', { envFrom: written.envFrom }), objects));
    const isSeen = written.envFrom.every((from) => 'configMapRef' in from);
    const ours = (one: Entries[number], known: (name: string) => string | undefined): string =>
      expand(textOf(one), (name) => newValue(ofName(name), known) ?? known(name));
    /** Of a variable that is not in the list: what it has by `envFrom`, with the operation done to it. */
    const newValue = (
      one: Entries[number] | undefined,
      known: (name: string) => string | undefined,
    ): string | undefined => {
      if (!one || isThere(one.name)) return undefined;
      const theirs = given.get(one.name);
      if (one.operation === 'set' && theirs !== undefined && isSeen) return theirs;
      return done(one, theirs ?? '', theirs === undefined, ours(one, known));
    };
    const done = (one: Entries[number], theirs: string, isEmpty: boolean, own: string): string => {
      if (one.operation === 'force') return own;
      if (isEmpty) return own;
      return one.operation === 'prepend' ? `${own},${theirs}` : `${theirs},${own}`;
    };
    const result = environmentOf(container('app', { ...written }), objects, (name, value, index, known) => {
      const one = ofName(name);
      if (!one || one.operation === 'set' || written.env.findLastIndex((each) => each.name === name) !== index)
        return value;
      const { value: raw, valueFrom } = written.env[index] ?? { name };
      return done(one, value ?? '', !valueFrom && (raw ?? '') === '', ours(one, known));
    });
    const all = new Map(result ?? []);
    for (const one of entries) {
      const value = newValue(one, (name) => result?.get(name));
      if (value !== undefined) all.set(one.name, value);
    }
    return result && all;
  }

  it('the app sees what it saw, and just what the profile says besides', () => {
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
