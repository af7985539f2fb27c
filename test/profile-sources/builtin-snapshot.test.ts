import { describe, expect, it } from 'vitest';
import { builtInCatalogue } from '../../src/profile-sources/builtin.ts';
import { readBuiltIn } from '../../src/profile-sources/builtin-documents.ts';
import { freeze, restore } from '../../src/profile-sources/builtin-snapshot.ts';
import { profileHash } from '../../src/profiles/fingerprint.ts';
import type { Catalogue } from '../../src/profiles/catalogue.ts';

describe('the catalogue that was read when the product was built', () => {
  it('is the one that its documents make, down to fields that are there without a value', () => {
    const built = builtInCatalogue();
    const read = readBuiltIn();
    expect(built).toStrictEqual(read);
    expect([...built.profiles.keys()]).toEqual([...read.profiles.keys()]);
    expect(built.profiles.size).toBeGreaterThan(15);
    for (const [name, profile] of read.profiles) {
      // What patches and records go by: the order of everything.
      expect(JSON.stringify(built.profiles.get(name)), name).toBe(JSON.stringify(profile));
      const twin = built.profiles.get(name);
      expect(twin && profileHash(twin), name).toBe(profileHash(profile));
      expect([...(twin?.parameters.keys() ?? [])], name).toEqual([...profile.parameters.keys()]);
    }
    expect([...built.knownSettings]).toEqual([...read.knownSettings]);
  });

  it('is another one each time: nobody shares what he may change', () => {
    expect(builtInCatalogue()).not.toBe(builtInCatalogue());
  });
});

describe('what cannot be had back', () => {
  const withField = (value: unknown): Catalogue => Object.assign(readBuiltIn(), { field: value });

  it.each([
    ['a regular expression', /a/],
    ['a function', () => 1],
    ['a date', new Date(0)],
    ['no number', Number.NaN],
    ['a mark of our own', { $map: [] }],
  ])('is refused, not lost: %s', (_, value) => {
    expect(() => freeze(withField(value))).toThrow('a catalogue cannot be frozen with');
  });

  it('is nothing else', () => {
    const odd = withField({ nothing: null, missing: undefined, list: [undefined, new Set([new Map([['a', 1]])])] });
    expect(restore(freeze(odd))).toStrictEqual(odd);
  });
});
