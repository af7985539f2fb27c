import { describe, expect, it } from 'vitest';
import { type ProfileSet, type ProfileSources, readAllProfiles } from '../../src/profiles/read-profiles.ts';

type Spec = Record<string, unknown>;
const document = (name: string, spec: Spec) => ({
  apiVersion: 'agent-injector.io/v1alpha1',
  kind: 'AgentProfile',
  metadata: { name },
  spec,
});
/** A valid spec that extends nothing. */
const whole = (vendor: string): Spec => ({
  vendor,
  description: 'd',
  constraints: { os: ['linux'] },
  deliveries: [{ preinstalled: {} }],
  environment: [{ name: 'A', value: '1' }],
});
const source = (name: string, spec: Spec, origin = `${name}.yaml`) => ({ origin, document: document(name, spec) });

function read(own: ProfileSources['own'], more: Partial<ProfileSources> = {}): ProfileSet {
  return readAllProfiles({
    builtIn: [source('shipped', whole('Shipped'), 'built-in')],
    own,
    slots: new Set(['slot']),
    ...more,
  });
}

const vendors = ({ profiles }: ProfileSet) =>
  Object.fromEntries([...profiles].map(([name, { vendor }]) => [name, vendor]));
const lines = ({ problems }: ProfileSet) =>
  problems.map(({ source: { origin }, path, message }) => `${origin}: ${path.join('.')}: ${message}`);

describe('readProfiles', () => {
  it("adds users' profiles to the built-in ones", () => {
    const set = read([source('mine', whole('Mine'))]);
    expect(vendors(set)).toEqual({ shipped: 'Shipped', mine: 'Mine' });
    expect([...set.own.keys()]).toEqual(['mine']);
    expect(set).toMatchObject({ problems: [], lastGood: [], broken: [], replaced: [] });
  });

  it('lets a profile extend a built-in one, and others extend it, in any order', () => {
    const set = read([
      source('c', { extends: 'b' }),
      source('b', { extends: 'a', description: 'b' }),
      source('a', { extends: 'shipped', vendor: 'A' }),
    ]);
    expect(set.problems).toEqual([]);
    expect(vendors(set)).toEqual({ shipped: 'Shipped', a: 'A', b: 'A', c: 'A' });
    expect(set.profiles.get('c')?.description).toBe('b');
    expect(set.profiles.get('c')?.environment).toHaveLength(1);
  });

  it('lets a profile replace the built-in one of its name, also as a base of others', () => {
    const extending = read([
      source('shipped', { extends: 'shipped', vendor: 'Mine' }),
      source('other', { extends: 'shipped' }),
    ]);
    expect(vendors(extending)).toEqual({ shipped: 'Mine', other: 'Mine' });
    expect(extending.replaced).toEqual([]);
    const replacing = read([source('shipped', whole('Mine'))]);
    expect(vendors(replacing)).toEqual({ shipped: 'Mine' });
    expect(replacing.replaced).toEqual(['shipped']);
  });

  it('resolves built-in profiles without those of users', () => {
    const builtIn = [
      source('shipped', whole('Shipped'), 'built-in'),
      source('derived', { extends: 'shipped' }, 'built-in'),
    ];
    expect(vendors(read([source('shipped', whole('Mine'))], { builtIn }))).toEqual({
      shipped: 'Mine',
      derived: 'Shipped',
    });
  });

  it.each<[string, ProfileSources['own'], RegExp[]]>([
    ['an unknown name', [source('mine', { extends: 'shiped' })], [/^mine.yaml: spec.extends: .*"shiped".*"shipped"/]],
    [
      'itself, without a built-in profile of that name',
      [source('mine', { extends: 'mine' })],
      [/^mine.yaml: spec.extends: .*"mine"/],
    ],
    [
      'itself through others',
      [
        source('a', { extends: 'b' }),
        source('b', { extends: 'c' }),
        source('c', { extends: 'a' }),
        source('outside', { extends: 'a' }),
      ],
      [
        /^a.yaml: spec.extends: .*a → b → c → a/,
        /^b.yaml: spec.extends: .*b → c → a → b/,
        /^c.yaml: spec.extends: .*c → a → b → c/,
        /^outside.yaml: spec.extends: .*"a"/,
      ],
    ],
    [
      'an invalid profile',
      [source('a', { ...whole('A'), vendor: 5 }), source('b', { extends: 'a', vendor: 'B' })],
      [/^a.yaml: spec.vendor: /, /^b.yaml: spec.extends: .*"a"/],
    ],
    ['a number', [source('a', { ...whole('A'), extends: 5 })], [/^a.yaml: spec.extends: /]],
    [
      'a profile without the item that it removes',
      [source('a', { extends: 'shipped', environment: [{ name: 'B', remove: true }] })],
      [/^a.yaml: spec.environment.0.remove: .*"B"/],
    ],
  ])('reports a profile that extends %s', (_, own, expected) => {
    const set = read(own);
    expect(lines(set)).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
    expect(vendors(set)).toEqual({ shipped: 'Shipped' });
  });

  it('reports a cycle through the name of a built-in profile', () => {
    const set = read([source('shipped', { extends: 'mine' }), source('mine', { extends: 'shipped' })]);
    expect(lines(set)[0]).toMatch(/^shipped.yaml: spec.extends: .*shipped → mine → shipped/);
    expect(vendors(set)).toEqual({});
  });

  it('reads the first of two documents with one name', () => {
    const set = read([source('a', whole('First'), 'one.yaml'), source('a', whole('Second'), 'two.yaml')]);
    expect(vendors(set)).toMatchObject({ a: 'First' });
    expect(lines(set)).toEqual([expect.stringMatching(/^two.yaml: metadata.name: .*one.yaml/)]);
  });

  it.each([
    [null, 'x.yaml: : '],
    [{ ...document('x', whole('X')), metadata: {} }, 'x.yaml: metadata.name: '],
  ])('reports that %j has no name', (nameless, expected) => {
    expect(lines(read([{ origin: 'x.yaml', document: nameless }]))).toEqual([expect.stringContaining(expected)]);
  });

  it('reports an unknown slot', () => {
    expect(lines(read([source('a', { ...whole('A'), slots: ['slto'] })]))).toEqual([
      expect.stringMatching(/^a.yaml: spec.slots.0: .*"slto".*"slot"/),
    ]);
  });

  it('locates a problem in the source, without inherited items', () => {
    const { problems } = read([
      source('a', {
        extends: 'shipped',
        environment: [
          { name: 'B', value: 'x' },
          { name: 'C', value: '${nothing}' },
        ],
      }),
    ]);
    expect(problems).toMatchObject([
      { path: ['spec', 'environment', 2, 'value'], sourcePath: ['spec', 'environment', 1, 'value'] },
    ]);
  });
});

describe('the last valid version', () => {
  const good = read([
    source('a', whole('Good')),
    source('b', { extends: 'a', description: 'b' }),
    source('shipped', { extends: 'shipped', vendor: 'Mine' }),
  ]);
  const broken = { ...whole('Bad'), deliveries: [] };

  it('replaces an invalid document, while others are updated', () => {
    const set = read([source('a', broken), source('new', whole('New'))], { previousOwn: good.own });
    expect(vendors(set)).toEqual({ shipped: 'Shipped', a: 'Good', new: 'New' });
    expect(set).toMatchObject({ lastGood: ['a'], broken: [] });
    expect(set.problems.length).toBeGreaterThan(0);
  });

  it('is reused while the document and everything that it inherits are the same', () => {
    const next = read(
      [
        source('a', { ...whole('Good'), description: 'changed' }),
        source('b', { extends: 'a', description: 'b' }),
        source('shipped', { extends: 'shipped', vendor: 'Mine' }),
      ],
      { previousOwn: good.own, previousBuiltIn: good.builtIn },
    );
    expect(next.own.get('shipped')?.profile).toBe(good.own.get('shipped')?.profile);
    expect(next.builtIn.get('shipped')?.profile).toBe(good.builtIn.get('shipped')?.profile);
    expect(next.own.get('a')?.profile.description).toBe('changed');
    // Its own document is the same, but not what it inherits.
    const changedBase = read([source('a', whole('Other')), source('b', { extends: 'a', description: 'b' })], {
      previousOwn: good.own,
    });
    expect(changedBase.profiles.get('b')?.vendor).toBe('Other');
  });

  it('is the base of others meanwhile', () => {
    const set = read([source('a', broken), source('b', { extends: 'a', description: 'changed' })], {
      previousOwn: good.own,
    });
    expect(set.profiles.get('b')).toMatchObject({ vendor: 'Good', description: 'changed' });
    expect(set.lastGood).toEqual(['a']);
  });

  it('replaces a document that no longer fits its base', () => {
    const changed = { ...whole('Changed'), environment: [{ name: 'B', value: '1' }] };
    const set = read(
      [source('a', changed), source('b', { extends: 'a', environment: [{ name: 'A', remove: true }] })],
      { previousOwn: good.own },
    );
    expect(set.profiles.get('a')?.vendor).toBe('Changed');
    expect(set.profiles.get('b')).toMatchObject({ vendor: 'Good', description: 'b' });
    expect(set.lastGood).toEqual(['b']);
  });

  it('still replaces the built-in profile', () => {
    expect(vendors(read([], { previousOwn: good.own, unreadable: new Set(['shipped']) }))).toEqual({ shipped: 'Mine' });
  });

  it('is kept through many invalid updates', () => {
    let last = good.own;
    for (let round = 0; round < 3; round += 1) last = read([source('a', broken)], { previousOwn: last }).own;
    expect([...last.keys()]).toEqual(['a']);
    expect(last.get('a')?.profile.vendor).toBe('Good');
  });

  it('is dropped when the document is removed', () => {
    expect(vendors(read([], { previousOwn: good.own }))).toEqual({ shipped: 'Shipped' });
  });

  it('may not exist: then the built-in profile does not replace it', () => {
    const set = read([source('a', broken), source('shipped', broken)]);
    expect(vendors(set)).toEqual({});
    expect(set).toMatchObject({ lastGood: [], broken: ['shipped', 'a'].toSorted() });
  });
});
