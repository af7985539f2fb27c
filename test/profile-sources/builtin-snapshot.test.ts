import { describe, expect, it } from 'vitest';
import { builtInCatalogue } from '../../src/profile-sources/builtin.ts';
import { readBuiltIn } from '../../src/profile-sources/builtin-documents.ts';
import { freeze, restore } from '../../src/profile-sources/builtin-snapshot.ts';
import { profileHash } from '../../src/profiles/fingerprint.ts';
import type { Catalogue } from '../../src/profiles/catalogue.ts';

describe('the built-in catalogue', () => {
  it('equals the catalogue of its documents, including undefined fields', () => {
    const built = builtInCatalogue();
    const read = readBuiltIn();
    expect(built).toStrictEqual(read);
    expect([...built.profiles.keys()]).toEqual([...read.profiles.keys()]);
    expect(built.profiles.size).toBeGreaterThan(15);
    for (const [name, profile] of read.profiles) {
      // Patches and records depend on the order of everything.
      expect(JSON.stringify(built.profiles.get(name)), name).toBe(JSON.stringify(profile));
      const twin = built.profiles.get(name);
      expect(twin && profileHash(twin), name).toBe(profileHash(profile));
      expect([...(twin?.parameters.keys() ?? [])], name).toEqual([...profile.parameters.keys()]);
    }
    expect([...built.knownSettings]).toEqual([...read.knownSettings]);
  });

  it('is a new object for each caller', () => {
    expect(builtInCatalogue()).not.toBe(builtInCatalogue());
  });
});

describe('a value that cannot be restored', () => {
  const withField = (value: unknown): Catalogue => Object.assign(readBuiltIn(), { field: value });

  it.each([
    ['a regular expression', /a/],
    ['a function', () => 1],
    ['a date', new Date(0)],
    ['NaN', Number.NaN],
    ['a mark', { $map: [] }],
  ])('is an error: %s', (_, value) => {
    expect(() => freeze(withField(value))).toThrow('cannot be frozen');
  });

  it('does not exist otherwise', () => {
    const odd = withField({ nothing: null, missing: undefined, list: [undefined, new Set([new Map([['a', 1]])])] });
    expect(restore(freeze(odd))).toStrictEqual(odd);
  });
});
