import { AUTO, CANARY, CANARY_VERSION, SUSPENDED } from '../api/keys.ts';
import { isGlob } from '../lib/glob.ts';
import { isObject } from '../lib/json.ts';
import type { Result } from '../lib/result.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import { type Catalogue, profileForbiddenBy } from '../profiles/catalogue.ts';
import { acceptsIn, expectationIn } from '../profiles/variables/list-values.ts';
import type { Problem } from '../profiles/problem.ts';
import { PROFILE_CHOICE_EXPECTED, readProfileChoice } from '../profiles/automatic/profile-choice.ts';
import { subjectOf } from '../profiles/tenancy/policy.ts';
import { settingValues } from './setting-values.ts';

/** Validates cluster-wide defaults: unknown names, and values that would prevent injection into every pod. */
export function problemsOfDefaults(
  catalogue: Catalogue,
  defaults: Iterable<readonly [string, string]>,
): readonly Problem[] {
  return [...defaults].flatMap(([name, value]) =>
    problemsOfDefault(catalogue, name, value).map((message) => ({ path: ['defaults', name], message })),
  );
}

type Check = (catalogue: Catalogue, value: string) => readonly string[];

const anything: Check = () => [];

const fixed =
  (name: keyof typeof settingValues): Check =>
  (_, value) =>
    settingValues[name].accepts(value) ? [] : [`must be ${settingValues[name].expected}`];

// Settings without a row are parameters.
const checks: Readonly<Record<string, Check>> = {
  inject: fixed('inject'),
  libc: fixed('libc'),
  profile: problemsOfChoice,
  'auto-profiles': problemsOfChoice,
  delivery: ({ profiles }, value) => {
    const all = [...profiles.values()].flatMap(({ deliveries }) => deliveries.map((delivery) => delivery.name));
    const known = new Set([...all, AUTO]);
    return known.has(value) ? [] : [`no profile has a delivery "${value}"${didYouMean(nearest(value, known))}`];
  },
  containers: anything,
  'init-position': fixed('init-position'),
  'env-from-keys': anything,
  'exclude-owners': anything,
  'exclude-deliveries': fixed('exclude-deliveries'),
  'image-volumes': fixed('image-volumes'),
  [CANARY]: fixed('canary'),
  [CANARY_VERSION]: fixed('canary-version'),
  [SUSPENDED]: () => [`is an annotation of namespaces: to stop the whole cluster, set \`injection: "off"\``],
};

/** The settings that name profiles. */
function problemsOfChoice(catalogue: Catalogue, value: string): readonly string[] {
  const choice = readProfileChoice(value);
  if (!choice) return [`must be ${PROFILE_CHOICE_EXPECTED}`];
  return choice.names.flatMap((name) => problemOfProfile(catalogue, name) ?? []);
}

function problemOfProfile(catalogue: Catalogue, name: string): string | undefined {
  if (!catalogue.profiles.has(name)) return unknownProfile(catalogue, name);
  const option = profileForbiddenBy(catalogue, name);
  return option && `profile "${name}" is not allowed (${option})`;
}

function unknownProfile({ profiles }: Catalogue, name: string): string {
  return `profile "${name}" not found${didYouMean(nearest(name, profiles.keys()))}`;
}

/** Finds names in `allowedProfiles` that no profile has: a misspelled one would forbid what it is meant to allow. */
export function problemsOfTenancy(catalogue: Catalogue): readonly Problem[] {
  return catalogue.tenancy.allowedProfiles
    .filter((name) => !isGlob(name) && !catalogue.profiles.has(name))
    .map((name) => ({ path: ['allowedProfiles'], message: unknownProfile(catalogue, name) }));
}

function problemsOfDefault(catalogue: Catalogue, name: string, value: string): readonly string[] {
  const setting = catalogue.knownSettings.has(name) ? subjectOf(name) : name;
  const check = Object.hasOwn(checks, setting) ? checks[setting] : undefined;
  if (check) return check(catalogue, value);
  const declared = [...catalogue.profiles.values()].flatMap((profile) => {
    const parameter = name.endsWith(`.${profile.name}`) ? name.slice(0, -profile.name.length - 1) : name;
    const found = profile.parameters.get(parameter);
    return found ? [[profile, found] as const] : [];
  });
  if (declared.length === 0) {
    return [`is neither a setting nor a parameter of any profile${didYouMean(nearest(name, catalogue.knownSettings))}`];
  }
  const problems = declared
    .filter(([profile, parameter]) => !acceptsIn(profile, parameter, value))
    .map(([profile, parameter]) => `"${value}" must be ${expectationIn(profile, parameter)}`);
  // Several profiles can have a parameter of this name.
  return [...new Set(problems)];
}

/** Reads cluster-wide defaults, which may contain unquoted numbers and booleans. It does not check names and values. */
export function readDefaults(document: unknown): Result<Readonly<Record<string, string>>, readonly Problem[]> {
  if (!isObject(document)) return { ok: false, error: [{ path: [], message: 'must be an object' }] };
  const defaults: [string, string][] = [];
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(document)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      defaults.push([name, String(value)]);
    else problems.push({ path: [name], message: 'must be a string, a number, true or false' });
  }
  return problems.length > 0 ? { ok: false, error: problems } : { ok: true, value: Object.fromEntries(defaults) };
}
