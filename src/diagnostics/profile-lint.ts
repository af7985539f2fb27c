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

/** An error keeps a profile out of service, or is a failed test; a warning is a practice that is not recommended. */
export type Severity = 'error' | 'warning';

export interface Finding extends Problem {
  readonly severity: Severity;
}

export interface ProfileLint {
  readonly findings: readonly Finding[];
  readonly tests: readonly { readonly name: string; readonly passed: boolean }[];
}

export interface LintOptions {
  /** Requires image digests and tests, too. */
  readonly strict: boolean;
  /** The profile extends another one, whose tests need not be repeated. */
  readonly isDerived: boolean;
}

/** Findings in a valid profile: unknown names in its tests, failed tests, practices that are not recommended. Paths are those of its document. */
export function lintProfile(profile: Profile, catalogue: Catalogue, options: LintOptions): ProfileLint {
  const known = withProfiles(catalogue, new Map([...catalogue.profiles, [profile.name, profile]]));
  const results = runTests(profile, known).map(({ name, deviations }, index) => {
    const test = profile.tests[index];
    const wrong = test ? problemsOfTest(test, index, profile, known) : [];
    // A test with an unknown name fails because of it: the failure would say nothing new.
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

const NO_TESTS: Problem = { path: ['spec', 'tests'], message: 'is missing: add tests that show what the profile does' };

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
      const message = `not a setting or a parameter${didYouMean(nearest(parsed.setting, knownSettings))}`;
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

/** Images without a fixed version, in deliveries and in defaults of parameters. */
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

/** Renders with the defaults of all parameters; undefined if one has none. */
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
  const advice = 'pin the version that you have tested, by tag or digest';
  if (tag === undefined) return `"${image}" has no version, so what runs can change at any time: ${advice}`;
  if (tag === 'latest') return `"${image}" changes with every release: ${advice}`;
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
      : [{ path: ['spec', 'parameters', index, 'name'], message: `"${name}" is not used in this profile` }],
  );
}
