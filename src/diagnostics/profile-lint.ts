import { key, type Level, parseKey } from '../api/keys.ts';
import type { Parameter } from '../api/profile/parameter.ts';
import type { ProfileTest } from '../api/profile/profile.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import { type Catalogue, withProfiles } from '../profiles/catalogue.ts';
import { imageOfDelivery } from '../profiles/delivery.ts';
import { isImage } from '../profiles/parameter.ts';
import { classesOf, type ParameterClass } from '../profiles/tenancy/parameter-class.ts';
import type { Problem } from '../profiles/problem.ts';
import { lifeSignText } from '../api/profile/life-sign.ts';
import type { Profile } from '../profiles/profile.ts';
import { parametersOf, render, type Template } from '../profiles/template.ts';
import { templateUses } from '../profiles/template-uses.ts';
import { reasonTable } from '../reasons/reason-table.ts';
import { runTests } from './profile-tests.ts';

/** An error is a failed or invalid test; a warning is a bad practice. */
export type Severity = 'error' | 'warning';

export interface LintFinding extends Problem {
  readonly severity: Severity;
}

export interface ProfileLint {
  readonly findings: readonly LintFinding[];
  readonly tests: readonly { readonly name: string; readonly passed: boolean }[];
}

export interface ProfileLintOptions {
  readonly strict: boolean;
  /** The profile extends another one, whose tests need not be repeated. */
  readonly isDerived: boolean;
}

/** Lints a valid profile: unknown names in its tests, failing tests, bad practices. Paths are those of the profile's document. */
export function lintProfile(profile: Profile, catalogue: Catalogue, options: ProfileLintOptions): ProfileLint {
  const known = withProfiles(catalogue, new Map([...catalogue.profiles, [profile.name, profile]]), catalogue.own);
  const results = runTests(profile, known).map(({ name, deviations }, index) => {
    const test = profile.tests[index];
    const invalid = test ? unknownNames(test, ['spec', 'tests', index], profile, known) : [];
    const failed = deviations.map(({ path, message }) => ({
      path,
      message: `test ${JSON.stringify(name)}: ${message}`,
    }));
    // A deviation from an unknown name follows from that name.
    return { name, problems: invalid.length > 0 ? invalid : failed };
  });
  const warnings = [
    ...imageProblems(profile, (image) => pinningAdvice(image, options.strict)),
    ...openParameters(profile),
    ...unusedParameters(profile),
    ...(options.strict && !options.isDerived && profile.tests.length === 0 ? [NO_TESTS] : []),
    ...(options.strict && !profile.signsOfLife ? [NO_SIGNS] : []),
    ...signsOfFailureOnly(profile),
    ...misspelledLanguage(profile, catalogue),
    ...unfinished(profile),
  ];
  return {
    findings: [
      ...imageProblems(profile, invalidImage).map((problem) => ({ ...problem, severity: 'error' as const })),
      ...results.flatMap(({ problems }) => problems.map((problem) => ({ ...problem, severity: 'error' as const }))),
      ...warnings.map((problem) => ({ ...problem, severity: 'warning' as const })),
    ],
    tests: results.map(({ name, problems }) => ({ name, passed: problems.length === 0 })),
  };
}

const NO_TESTS: Problem = { path: ['spec', 'tests'], message: 'is missing: add at least one test' };

const NO_SIGNS: Problem = {
  path: ['spec', 'signsOfLife'],
  message: 'is missing: add what shows that the agent works, or why no sign is known (unknown)',
};

/** A sign that is in both lists always counts as a failure. */
function signsOfFailureOnly({ signsOfLife }: Profile): readonly Problem[] {
  const failed = new Set(signsOfLife?.failed.map(lifeSignText));
  return (signsOfLife?.alive ?? []).flatMap((sign, index) =>
    failed.has(lifeSignText(sign))
      ? [{ path: ['spec', 'signsOfLife', 'alive', index], message: 'is in failed, too, and counts as a failure' }]
      : [],
  );
}

/** Other languages than those of the built-in profiles are fine. */
function misspelledLanguage({ name, language }: Profile, { profiles }: Catalogue): readonly Problem[] {
  const known = new Set([...profiles.values()].flatMap((one) => (one.name === name ? [] : (one.language ?? []))));
  if (language === undefined || known.has(language)) return [];
  const meant = nearest(language, known);
  return meant === undefined
    ? []
    : [{ path: ['spec', 'language'], message: `no other profile is for "${language}"${didYouMean(meant)}` }];
}

/** What `agent-injector new` has written for others to replace. */
function unfinished({ vendor, description }: Profile): readonly Problem[] {
  return Object.entries({ vendor, description }).flatMap(([field, text]) =>
    text.startsWith('TODO') ? [{ path: ['spec', field], message: 'is still TODO' }] : [],
  );
}

function unknownNames(
  { namespace, expect }: ProfileTest,
  path: readonly PropertyKey[],
  profile: Profile,
  { knownSettings }: Catalogue,
): readonly Problem[] {
  const settings = Object.keys(namespace).flatMap((name): readonly Problem[] => {
    const parsed = parseKey(name.includes('/') ? name : key(name));
    if (!parsed || parsed.container !== undefined || knownSettings.has(parsed.setting)) return [];
    const message = `is neither a setting nor a parameter${didYouMean(nearest(parsed.setting, knownSettings))}`;
    return [{ path: [...path, 'namespace', name], message, at: 'key' }];
  });
  const advisories = expect.advisories ?? [];
  const expected: readonly (readonly [string, string | undefined, readonly string[], readonly PropertyKey[]])[] = [
    ['reason', expect.reason, Object.keys(reasonTable), ['reason']],
    ['conflict', expect.conflict, profile.conflicts.map(({ code }) => code), ['conflict']],
    ['delivery', expect.delivery, profile.deliveries.map(({ name }) => name), ['delivery']],
    ...advisories.map(
      (code, index) => ['advisory', code, profile.advisories.map((one) => one.code), ['advisories', index]] as const,
    ),
  ];
  const names = expected.flatMap(([kind, name, known, field]): readonly Problem[] => {
    if (name === undefined || known.includes(name)) return [];
    const message = `unknown ${kind} "${name}"${didYouMean(nearest(name, known))}`;
    return [{ path: [...path, 'expect', ...field], message }];
  });
  return [...settings, ...names];
}

/** What is wrong with the images that deliveries use by default, at the place where the profile says them. */
function imageProblems(profile: Profile, problemOf: (image: string) => string | undefined): readonly Problem[] {
  const parameters = [...profile.parameters.keys()];
  const found = profile.deliveries.flatMap((delivery, index): readonly Problem[] => {
    const template = imageOfDelivery(delivery);
    if (!template) return [];
    const [only, ...others] = template;
    const parameter = typeof only === 'object' && others.length === 0 ? parameters.indexOf(only.parameter) : -1;
    const path =
      parameter < 0
        ? ['spec', 'deliveries', index, delivery.kind, delivery.kind === 'image' ? 'reference' : 'image']
        : ['spec', 'parameters', parameter, 'default'];
    const image = renderDefaults(template, profile.parameters);
    const message = image === undefined ? undefined : problemOf(image);
    return message === undefined ? [] : [{ path, message }];
  });
  // Several deliveries may use one parameter.
  return [...new Map(found.map((problem) => [problem.path.join(' '), problem])).values()];
}

function renderDefaults(template: Template, parameters: ReadonlyMap<string, Parameter>): string | undefined {
  const values = new Map<string, string>();
  for (const name of parametersOf(template)) {
    const value = parameters.get(name)?.default;
    if (value === undefined) return undefined;
    values.set(name, String(value));
  }
  return render(template, values);
}

function invalidImage(image: string): string | undefined {
  return isImage(image) ? undefined : `"${image}" is not a valid image reference: the agent would never be injected`;
}

function pinningAdvice(image: string, strict: boolean): string | undefined {
  if (image.includes('@') || !isImage(image)) return undefined;
  const tag = /:([^/:]*)$/.exec(image)?.[1];
  const advice = 'its content can change at any time; use the tag or digest of a version that you have tested';
  if (tag === undefined) return `"${image}" has no tag: ${advice}`;
  if (tag === 'latest') return `"${image}" has the tag "latest": ${advice}`;
  return strict ? `"${image}" is not pinned: a tag can be moved, a digest (@sha256:…) cannot` : undefined;
}

/** The classes of parameters that are seldom left to pods on purpose, and the levels that lint reports. */
const guardedClasses: readonly (readonly [ParameterClass, decides: string, open: readonly Level[]])[] = [
  ['code', 'which code is loaded', ['namespace', 'pod', 'container']],
  ['image', 'which image is used', ['pod', 'container']],
  ['nodePath', 'which directory of the node is mounted', ['pod', 'container']],
];

function openParameters(profile: Profile): readonly Problem[] {
  return [...profile.parameters.values()].flatMap((parameter, index): readonly Problem[] => {
    const { name, settableBy } = parameter;
    const isConstrained = 'allowed' in parameter && parameter.allowed !== undefined;
    const classes = isConstrained ? [] : classesOf(profile, parameter);
    const found = guardedClasses.find(
      ([guarded, , levels]) => classes.includes(guarded) && settableBy.some((level) => levels.includes(level)),
    );
    if (!found) return [];
    const [, decides, levels] = found;
    const who = settableBy.filter((level) => levels.includes(level)).join(', ');
    const message = `"${name}" decides ${decides}, and it may be set by ${who}: add settableBy: [cluster]`;
    return [{ path: ['spec', 'parameters', index, 'settableBy'], message }];
  });
}

function unusedParameters(profile: Profile): readonly Problem[] {
  const conditions = [...profile.environment, ...profile.writablePaths, ...profile.files, ...profile.objects].flatMap(
    ({ when }) => (when?.parameter ? [when.parameter.name] : []),
  );
  const used = new Set([
    ...templateUses(profile, profile.environment).flatMap(({ template }) => parametersOf(template)),
    ...profile.variants.map(({ from }) => from),
    ...profile.environment.flatMap(({ operation: { value } }) =>
      'pairs' in value && 'parameter' in value.pairs ? [value.pairs.parameter] : [],
    ),
    ...[...profile.parameters.values()].flatMap(({ name, type }) => (type === 'variables' ? [name] : [])),
    ...conditions,
  ]);
  return [...profile.parameters.keys()].flatMap((name, index) =>
    used.has(name)
      ? []
      : [{ path: ['spec', 'parameters', index, 'name'], message: `"${name}" is not used in this profile` }],
  );
}
