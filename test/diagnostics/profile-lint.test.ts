import { describe, expect, it } from 'vitest';
import { lintProfile } from '../../src/diagnostics/profile-lint.ts';
import { withProfiles } from '../../src/profiles/catalogue.ts';
import { profileHash } from '../../src/profiles/fingerprint.ts';
import { parseProfile } from '../../src/profiles/parse.ts';
import { catalogue, catalogueWithParameter, profileDocument } from '../support/fixtures.ts';

function findings(parameter: object, spec: object): readonly (readonly [path: string, severity: string])[] {
  const { catalogue: known, profile } = catalogueWithParameter(parameter, spec);
  const { findings: found } = lintProfile(profile, known, { strict: false, isDerived: false });
  return found.map(({ path, severity }) => [path.join('.'), severity]);
}

const OPEN = [['spec.parameters.0.settableBy', 'warning']];
const everyone = ['cluster', 'namespace', 'pod', 'container'];

describe('a parameter that leaves too much to tenants', () => {
  const image = { deliveries: [{ image: { reference: '${p}' } }] };
  const node = { deliveries: [{ hostPath: { path: '${p}' } }] };
  const preload = { environment: [{ name: 'LD_PRELOAD', value: '${p}' }] };

  it.each<[string, object, object, readonly unknown[]]>([
    ['an image set by pods', { type: 'image', settableBy: everyone }, image, OPEN],
    ['an image that the profile lists', { type: 'image', settableBy: everyone, allowed: ['r/a:*'] }, image, []],
    ['an image by default', { type: 'image' }, image, []],
    ['a directory of the node set by pods', { type: 'path', settableBy: ['pod'] }, node, OPEN],
    ['a directory of the node by default', { type: 'path' }, node, []],
    [
      'a version in a directory of the node',
      { type: 'version' },
      { deliveries: [{ hostPath: { path: '/a/${p}' } }] },
      OPEN,
    ],
    ['any text that loads code', { type: 'string' }, preload, OPEN],
    ['text of a namespace that loads code', { type: 'word', settableBy: ['cluster', 'namespace'] }, preload, OPEN],
    ['text of the cluster that loads code', { type: 'string', settableBy: ['cluster'] }, preload, []],
    ['any text elsewhere', { type: 'string' }, { environment: [{ name: 'A', value: '${p}' }] }, []],
  ])('%s', (_, parameter, spec, expected) => {
    expect(findings(parameter, spec)).toEqual(expected);
  });

  it('is in no built-in profile', () => {
    for (const profile of catalogue.profiles.values()) {
      const { findings: found } = lintProfile(profile, catalogue, { strict: true, isDerived: false });
      expect(
        found.filter(({ path }) => path.includes('settableBy')),
        profile.name,
      ).toEqual([]);
    }
  });
});

describe('a language', () => {
  const messages = (language: string | undefined): readonly string[] => {
    const parsed = parseProfile(profileDocument(language === undefined ? {} : { language }));
    if (!parsed.ok) throw new Error('the profile is not valid');
    // The command knows the profile itself, too.
    const known = withProfiles(
      catalogue,
      new Map([...catalogue.profiles, [parsed.value.name, parsed.value]]),
      catalogue.own,
    );
    const { findings: found } = lintProfile(parsed.value, known, { strict: false, isDerived: false });
    return found.filter(({ path }) => path.at(-1) === 'language').map(({ message }) => message);
  };

  it('that is nearly one of the built-in profiles is probably misspelled', () => {
    expect(messages('jave')).toEqual([expect.stringContaining('did you mean "java"?')]);
    for (const language of [undefined, 'java', 'erlang', 'go', 'ruby', 'rust']) expect(messages(language)).toEqual([]);
  });
});

describe('an attribute by which a CSI driver finds an image or a directory', () => {
  const read = (type: string, attribute: string) =>
    parseProfile(
      profileDocument({
        parameters: [{ name: 'p', description: 'd', required: true, type }],
        deliveries: [{ csi: { driver: 'd', volumeAttributes: { [attribute]: '${p}' } } }],
      }),
    );

  it.each(['image', 'imageName', 'dd.csi.datadog.com/library.registry', 'hostPath', 'directory'])(
    '%s takes no text',
    (attribute) => {
      for (const type of ['string', 'word', 'url']) {
        const parsed = read(type, attribute);
        expect(parsed.ok ? [] : parsed.error.map(({ path }) => path.join('.'))).toEqual([
          `spec.deliveries.0.csi.volumeAttributes.${attribute}`,
        ]);
      }
      for (const type of ['image', 'version', 'path']) expect(read(type, attribute).ok).toBe(true);
    },
  );

  it('others do', () => {
    expect(read('string', 'mode').ok).toBe(true);
  });
});

describe('signs of life', () => {
  const lintOf = (spec: object, strict: boolean): readonly string[] => {
    const { catalogue: known, profile } = catalogueWithParameter(
      { type: 'word' },
      { environment: [{ name: 'A', value: '${p}' }], ...spec },
    );
    const { findings: found } = lintProfile(profile, known, { strict, isDerived: false });
    return found.map(({ path }) => path.join('.')).filter((path) => path.includes('signsOfLife'));
  };
  const line = { log: { contains: 'started' } };

  it.each([
    ['are missing', {}, false, []],
    ['are missing, with --strict', {}, true, ['spec.signsOfLife']],
    ['are not known, which the profile says', { signsOfLife: { unknown: 'it is silent' } }, true, []],
    ['are there', { signsOfLife: { alive: [line] } }, true, []],
    [
      'are signs of failure, too',
      { signsOfLife: { alive: [line], failed: [line] } },
      false,
      ['spec.signsOfLife.alive.0'],
    ],
  ])('%s', (_, spec, strict, expected) => expect(lintOf(spec, strict)).toEqual(expected));

  it('are in every built-in profile, or it says why none is known', () => {
    for (const { name, signsOfLife } of catalogue.profiles.values()) {
      expect(signsOfLife, name).toBeDefined();
      expect((signsOfLife?.alive ?? []).length > 0 || (signsOfLife?.unknown ?? '') !== '', name).toBe(true);
    }
  });

  it('do not change what is injected, so that no pod becomes outdated by them', () => {
    const hashOf = (spec: object): string => profileHash(catalogueWithParameter({ type: 'word' }, { ...spec }).profile);
    expect(hashOf({ signsOfLife: { alive: [line] } })).toBe(hashOf({}));
  });
});

describe('an image', () => {
  const path = 'spec.deliveries.0.image.reference';
  const of = (reference: string) => findings({ type: 'word' }, { deliveries: [{ image: { reference } }] });
  it.each<[reference: string, severity: string | undefined]>([
    ['registry.example.com/acme java:1.0.0', 'error'],
    ['registry.example.com/Acme:', 'error'],
    ['registry.example.com/acme', 'warning'],
    ['registry.example.com/acme:1', undefined],
  ])('%s: %s, without any test', (reference, severity) => {
    expect(of(reference).filter(([at]) => at === path)).toEqual(severity === undefined ? [] : [[path, severity]]);
  });
});
