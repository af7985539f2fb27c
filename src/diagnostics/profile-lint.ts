import { key, parseKey } from '../api/keys.ts';
import type { Parameter } from '../api/profile/parameter.ts';
import type { ProfileTest } from '../api/profile/profile.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import { type Catalogue, withProfiles } from '../profiles/catalogue.ts';
import type { Delivery } from '../profiles/delivery.ts';
import type { Problem } from '../profiles/problem.ts';
import type { Profile } from '../profiles/profile.ts';
import { parametersOf, render, type Template } from '../profiles/template.ts';
import { templateUses } from '../profiles/template-uses.ts';
import { reasonTable } from '../reasons/table.ts';
import { runTests } from './profile-tests.ts';

/** An error keeps a profile from being used, or shows that it does not do what its tests say; a warning is bad advice taken. */
export type Severity = 'error' | 'warning';

export interface Finding extends Problem {
  readonly severity: Severity;
}

export interface ProfileLint {
  readonly findings: readonly Finding[];
  readonly tests: readonly { readonly name: string; readonly passed: boolean }[];
}

export interface LintOptions {
  /** Asks for digests and for tests, too. */
  readonly strict: boolean;
  /** It extends another profile: the tests of that one are not to be written again. */
  readonly isDerived: boolean;
}

/**
 * What there is to say of a profile that can be used: names in its tests that mean nothing, tests that fail, and what is unwise. The paths
 * are those of the document that the profile was read from.
 */
export function lintProfile(profile: Profile, catalogue: Catalogue, options: LintOptions): ProfileLint {
  const known = withProfiles(catalogue, new Map([...catalogue.profiles, [profile.name, profile]]));
  const results = runTests(profile, known).map(({ name, deviations }, index) => {
    const test = profile.tests[index];
    const wrong = test ? problemsOfTest(test, index, profile, known) : [];
    // What deviates from a word that means nothing is no news.
    const failed = deviations.map(({ path, message }) => ({
      path,
      message: `test ${JSON.stringify(name)}: ${message}`,
    }));
    return { name, problems: wrong.length > 0 ? wrong : failed };
  });
  const warnings = [
    ...problemsOfImages(profile, options.strict),
    ...problemsOfUnused(profile),
    ...(options.strict && !options.isDerived && profile.tests.length === 0 ? [NO_TESTS] : []),
  ];
  return {
    findings: [
      ...results.flatMap(({ problems }) => problems.map(asFinding('error'))),
      ...warnings.map(asFinding('warning')),
    ],
    tests: results.map(({ name, problems }) => ({ name, passed: problems.length === 0 })),
  };
}

const NO_TESTS: Problem = { path: ['spec', 'tests'], message: 'is missing: nothing shows that the profile works' };

function asFinding(severity: Severity): (problem: Problem) => Finding {
  return (problem) => ({ ...problem, severity });
}

function problemsOfTest(
  { namespace, expect }: ProfileTest,
  index: number,
  profile: Profile,
  { knownSettings }: Catalogue,
): readonly Problem[] {
  const at = ['spec', 'tests', index];
  const word = (field: string, value: string | undefined, known: Iterable<string>): readonly Problem[] => {
    const words = [...known];
    if (value === undefined || words.includes(value)) return [];
    const message = `there is no ${field} "${value}"${didYouMean(nearest(value, words))}`;
    return [{ path: [...at, 'expect', field], message }];
  };
  const advisories = profile.advisories.map(({ code }) => code);
  return [
    ...Object.keys(namespace).flatMap((name): readonly Problem[] => {
      const parsed = parseKey(name.includes('/') ? name : key(name));
      if (!parsed || parsed.container !== undefined || knownSettings.has(parsed.setting)) return [];
      const message = `is no setting and no parameter${didYouMean(nearest(parsed.setting, knownSettings))}`;
      return [{ path: [...at, 'namespace', name], message, at: 'key' }];
    }),
    ...word('reason', expect.reason, Object.keys(reasonTable)),
    ...word(
      'conflict',
      expect.conflict,
      profile.conflicts.map(({ code }) => code),
    ),
    ...word(
      'delivery',
      expect.delivery,
      profile.deliveries.map(({ name }) => name),
    ),
    ...(expect.advisories ?? []).flatMap((code, position) =>
      word('advisory', code, advisories).map((problem) => ({
        ...problem,
        path: [...at, 'expect', 'advisories', position],
      })),
    ),
  ];
}

/** An image of which nobody can tell what will be run: by a delivery, or as a parameter's default. */
function problemsOfImages(profile: Profile, strict: boolean): readonly Problem[] {
  const found = profile.deliveries.flatMap((delivery, index): readonly Problem[] => {
    const template = imageOf(delivery);
    if (!template) return [];
    const [only, ...others] = template;
    const named = typeof only === 'object' && others.length === 0 ? only.parameter : undefined;
    const place = [...profile.parameters.keys()].indexOf(named ?? '');
    const path = place < 0 ? ['spec', 'deliveries', index, 'image'] : ['spec', 'parameters', place, 'default'];
    const image = renderDefaults(template, profile.parameters);
    const message = image === undefined ? undefined : pinning(image, strict);
    return message === undefined ? [] : [{ path, message }];
  });
  const places = found.map(({ path }) => path.join(' '));
  return found.filter((_, index) => places.indexOf(places[index] ?? '') === index);
}

function imageOf(delivery: Delivery): Template | undefined {
  if (delivery.type === 'image') return delivery.image;
  return 'copy' in delivery ? delivery.copy.image : undefined;
}

/** The text where nobody sets anything; undefined while a parameter in it has no default. */
function renderDefaults(template: Template, parameters: ReadonlyMap<string, Parameter>): string | undefined {
  const values = new Map<string, string>();
  for (const name of parametersOf(template)) {
    const value = parameters.get(name)?.default;
    if (value === undefined) return undefined;
    values.set(name, String(value));
  }
  return render(template, values);
}

function pinning(image: string, strict: boolean): string | undefined {
  if (image.includes('@')) return undefined;
  const tag = /:([^/:]*)$/.exec(image)?.[1];
  const advice = 'write the version that you have tried, as a tag or a digest';
  if (tag === undefined) return `"${image}" names no version, so nobody knows what will be run: ${advice}`;
  if (tag === 'latest') return `"${image}" will be something else tomorrow: ${advice}`;
  return strict ? `"${image}" is not pinned: a tag can be moved, a digest (@sha256:…) cannot` : undefined;
}

function problemsOfUnused(profile: Profile): readonly Problem[] {
  const conditions = [...profile.environment, ...profile.writable, ...profile.files].flatMap(({ when }) =>
    when?.if === 'parameter' ? [when.name] : [],
  );
  const used = new Set([
    ...templateUses(profile, profile.environment).flatMap(({ template }) => parametersOf(template)),
    ...profile.variants.map(({ by }) => by),
    ...conditions,
  ]);
  return [...profile.parameters.keys()].flatMap((name, index) =>
    used.has(name)
      ? []
      : [{ path: ['spec', 'parameters', index, 'name'], message: `"${name}" is used nowhere in this profile` }],
  );
}
