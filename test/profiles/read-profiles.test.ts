import { describe, expect, it } from 'vitest';
import { type ProfileSet, type ProfileSources, readProfiles } from '../../src/profiles/read-profiles.ts';

type Spec = Record<string, unknown>;
const document = (name: string, spec: Spec) => ({
  apiVersion: 'agent-injector.io/v1alpha1',
  kind: 'AgentProfile',
  metadata: { name },
  spec,
});
/** A sound spec of its own. */
const whole = (vendor: string): Spec => ({
  vendor,
  description: 'd',
  constraints: { os: ['linux'] },
  deliveries: [{ type: 'baked' }],
  environment: [{ name: 'A', value: '1' }],
});
const source = (name: string, spec: Spec, origin = `${name}.yaml`) => ({ origin, document: document(name, spec) });

function read(own: ProfileSources['own'], more: Partial<ProfileSources> = {}): ProfileSet {
  const reading = readProfiles({
    builtIn: [source('shipped', whole('Shipped'), 'built-in')],
    own,
    slots: new Set(['slot']),
    ...more,
  });
  let step = reading.next();
  while (!step.done) step = reading.next();
  return step.value;
}

const vendors = ({ profiles }: ProfileSet) =>
  Object.fromEntries([...profiles].map(([name, { vendor }]) => [name, vendor]));
const texts = ({ problems }: ProfileSet) =>
  problems.map(({ source: { origin }, path, message }) => `${origin}: ${path.join('.')}: ${message}`);

describe('readProfiles', () => {
  it('adds the profiles of users to those that ship', () => {
    const set = read([source('mine', whole('Mine'))]);
    expect(vendors(set)).toEqual({ shipped: 'Shipped', mine: 'Mine' });
    expect([...set.own.keys()]).toEqual(['mine']);
    expect(set).toMatchObject({ problems: [], lastGood: [], broken: [], replaced: [] });
  });

  it('lets a profile extend one that ships, and others extend that, whatever the order', () => {
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

  it('lets a profile of the same name take the place of one that ships, for those that extend it, too', () => {
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

  it('does not let what ships change by what users write', () => {
    const builtIn = [
      source('shipped', whole('Shipped'), 'built-in'),
      source('derived', { extends: 'shipped' }, 'built-in'),
    ];
    expect(vendors(read([source('shipped', whole('Mine'))], { builtIn }))).toEqual({
      shipped: 'Mine',
      derived: 'Shipped',
    });
  });

  it.each<[string, ProfileSources['own'], string[]]>([
    [
      'an unknown name',
      [source('mine', { extends: 'shiped' })],
      ['mine.yaml: spec.extends: no profile "shiped"; did you mean "shipped"?'],
    ],
    [
      'itself, where nothing of that name ships',
      [source('mine', { extends: 'mine' })],
      ['mine.yaml: spec.extends: extends itself, and no profile "mine" is built in'],
    ],
    [
      'a ring',
      [
        source('a', { extends: 'b' }),
        source('b', { extends: 'c' }),
        source('c', { extends: 'a' }),
        source('outside', { extends: 'a' }),
      ],
      [
        'a.yaml: spec.extends: extends itself: a → b → c → a',
        'b.yaml: spec.extends: extends itself: b → c → a → b',
        'c.yaml: spec.extends: extends itself: c → a → b → c',
        'outside.yaml: spec.extends: extends "a", which is broken itself',
      ],
    ],
    [
      'something broken',
      [source('a', { ...whole('A'), vendor: 5 }), source('b', { extends: 'a', vendor: 'B' })],
      [
        'a.yaml: spec.vendor: must be a string: write "5" in quotes',
        'b.yaml: spec.extends: extends "a", which is broken itself',
      ],
    ],
    [
      'no string',
      [source('a', { ...whole('A'), extends: 5 })],
      ['a.yaml: spec.extends: must be a string: write "5" in quotes'],
    ],
    [
      'and removes what is not there',
      [source('a', { extends: 'shipped', environment: [{ name: 'B', remove: true }] })],
      ['a.yaml: spec.environment.0.remove: there is no "B" to remove; did you mean "A"?'],
    ],
  ])('says where a profile extends %s', (_, own, expected) => {
    const set = read(own);
    expect(texts(set)).toEqual(expected);
    expect(vendors(set)).toEqual({ shipped: 'Shipped' });
  });

  it('takes a ring by way of a name that ships for what it is', () => {
    const set = read([source('shipped', { extends: 'mine' }), source('mine', { extends: 'shipped' })]);
    expect(texts(set)[0]).toBe('shipped.yaml: spec.extends: extends itself: shipped → mine → shipped');
    expect(vendors(set)).toEqual({});
  });

  it('takes the first of two with one name', () => {
    const set = read([source('a', whole('First'), 'one.yaml'), source('a', whole('Second'), 'two.yaml')]);
    expect(vendors(set)).toMatchObject({ a: 'First' });
    expect(texts(set)).toEqual(['two.yaml: metadata.name: "a" stands in one.yaml, too']);
  });

  it.each([
    [null, 'x.yaml: : is empty; it must be an object'],
    [{ ...document('x', whole('X')), metadata: {} }, 'x.yaml: metadata.name: is missing; it must be a string'],
  ])('says that %j has no name', (nameless, expected) => {
    expect(texts(read([{ origin: 'x.yaml', document: nameless }]))).toEqual([expected]);
  });

  it('says what slot is unknown', () => {
    expect(texts(read([source('a', { ...whole('A'), slots: ['slto'] })]))).toEqual([
      'a.yaml: spec.slots.0: "slto" is no known slot; did you mean "slot"?',
    ]);
  });

  it('gives the place in what the user wrote, not in what he inherits', () => {
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
      { path: ['spec', 'environment', 2, 'value'], own: ['spec', 'environment', 1, 'value'] },
    ]);
  });
});

describe('what was sound once', () => {
  const good = read([
    source('a', whole('Good')),
    source('b', { extends: 'a', description: 'b' }),
    source('shipped', { extends: 'shipped', vendor: 'Mine' }),
  ]);
  const broken = { ...whole('Bad'), deliveries: [] };

  it('goes on for a broken document, and others of the update take effect', () => {
    const set = read([source('a', broken), source('new', whole('New'))], { last: good.own });
    expect(vendors(set)).toEqual({ shipped: 'Shipped', a: 'Good', new: 'New' });
    expect(set).toMatchObject({ lastGood: ['a'], broken: [] });
    expect(set.problems.length).toBeGreaterThan(0);
  });

  it('is not read again while its whole document is the same', () => {
    const next = read(
      [
        source('a', { ...whole('Good'), description: 'changed' }),
        source('b', { extends: 'a', description: 'b' }),
        source('shipped', { extends: 'shipped', vendor: 'Mine' }),
      ],
      { last: good.own, shipped: good.builtIn },
    );
    expect(next.own.get('shipped')?.profile).toBe(good.own.get('shipped')?.profile);
    expect(next.builtIn.get('shipped')?.profile).toBe(good.builtIn.get('shipped')?.profile);
    expect(next.own.get('a')?.profile.description).toBe('changed');
    // Its own document is the same, but not what it inherits.
    const changedBase = read([source('a', whole('Other')), source('b', { extends: 'a', description: 'b' })], {
      last: good.own,
    });
    expect(changedBase.profiles.get('b')?.vendor).toBe('Other');
  });

  it('is what others extend meanwhile', () => {
    const set = read([source('a', broken), source('b', { extends: 'a', description: 'changed' })], { last: good.own });
    expect(set.profiles.get('b')).toMatchObject({ vendor: 'Good', description: 'changed' });
    expect(set.lastGood).toEqual(['a']);
  });

  it('goes on for a document whose base went another way', () => {
    const changed = { ...whole('Changed'), environment: [{ name: 'B', value: '1' }] };
    const set = read(
      [source('a', changed), source('b', { extends: 'a', environment: [{ name: 'A', remove: true }] })],
      { last: good.own },
    );
    expect(set.profiles.get('a')?.vendor).toBe('Changed');
    expect(set.profiles.get('b')).toMatchObject({ vendor: 'Good', description: 'b' });
    expect(set.lastGood).toEqual(['b']);
  });

  it('goes on in the place of one that ships', () => {
    expect(vendors(read([], { last: good.own, unreadable: new Set(['shipped']) }))).toEqual({ shipped: 'Mine' });
  });

  it('stays what it was through many broken updates', () => {
    let last = good.own;
    for (let round = 0; round < 3; round += 1) last = read([source('a', broken)], { last }).own;
    expect([...last.keys()]).toEqual(['a']);
    expect(last.get('a')?.profile.vendor).toBe('Good');
  });

  it('is forgotten once the document is gone', () => {
    expect(vendors(read([], { last: good.own }))).toEqual({ shipped: 'Shipped' });
  });

  it('is nothing where nothing ever was sound: no built-in profile stands in for it', () => {
    const set = read([source('a', broken), source('shipped', broken)]);
    expect(vendors(set)).toEqual({});
    expect(set).toMatchObject({ lastGood: [], broken: ['shipped', 'a'].toSorted() });
  });
});
