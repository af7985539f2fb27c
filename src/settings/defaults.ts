import { AUTO } from '../api/keys.ts';
import { isObject } from '../lib/json.ts';
import type { Result } from '../lib/result.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import { splitList } from '../lib/text.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { accepts, expectation } from '../profiles/parameter.ts';
import type { Problem } from '../profiles/problem.ts';
import { readPosition } from './init-position.ts';

/** What is wrong in cluster-wide defaults: names that mean nothing, and values that would keep every pod from its agent. */
export function problemsOfDefaults(
  catalogue: Catalogue,
  defaults: Iterable<readonly [string, string]>,
): readonly Problem[] {
  return [...defaults].flatMap(([name, value]) =>
    problemsOfDefault(catalogue, name, value).map((message) => ({ path: ['defaults', name], message })),
  );
}

type Judge = (catalogue: Catalogue, value: string) => readonly string[];

const anything: Judge = () => [];

const oneOf =
  (...known: readonly string[]): Judge =>
  (_, value) =>
    known.includes(value) ? [] : [`must be ${known.map((word) => `"${word}"`).join(' or ')}`];

/** What a default of a setting may be; whatever has no row is a parameter. */
const judges: Readonly<Record<string, Judge>> = {
  inject: oneOf('true', 'false'),
  libc: oneOf('glibc', 'musl'),
  profile: (catalogue, value) =>
    splitList(value)
      .filter((word) => word !== 'none' && !catalogue.profiles.has(word))
      .map((word) => `profile "${word}" not found${didYouMean(nearest(word, catalogue.profiles.keys()))}`),
  delivery: ({ profiles }, value) => {
    const all = [...profiles.values()].flatMap(({ deliveries }) => deliveries.map((delivery) => delivery.name));
    const known = new Set([...all, AUTO]);
    return known.has(value) ? [] : [`no profile has a delivery "${value}"${didYouMean(nearest(value, known))}`];
  },
  containers: anything,
  'init-position': (_, value) => (readPosition(value) ? [] : ['must be "first", "last" or "before NAME"']),
  'env-from-keys': anything,
  'exclude-owners': anything,
};

function problemsOfDefault(catalogue: Catalogue, name: string, value: string): readonly string[] {
  const judge = Object.hasOwn(judges, name) ? judges[name] : undefined;
  if (judge) return judge(catalogue, value);
  if (name.startsWith('containers.') && catalogue.knownSettings.has(name)) return [];
  const declared = [...catalogue.profiles.values()].flatMap((profile) => {
    const own = name.endsWith(`.${profile.name}`) ? name.slice(0, -profile.name.length - 1) : name;
    return profile.parameters.get(own) ?? [];
  });
  if (declared.length === 0) {
    return [`is neither a setting nor a parameter of any profile${didYouMean(nearest(name, catalogue.knownSettings))}`];
  }
  const wrong = declared.filter((one) => !accepts(one, value)).map((one) => `"${value}" must be ${expectation(one)}`);
  // Several profiles have a parameter of one name: what they say alike is said once.
  return [...new Set(wrong)];
}

/** Cluster-wide defaults as written: an object of text; numbers and booleans may stand unquoted. Whether they mean anything is not asked here. */
export function readDefaults(written: unknown): Result<Readonly<Record<string, string>>, readonly Problem[]> {
  if (!isObject(written)) return { ok: false, error: [{ path: [], message: 'must be an object' }] };
  const defaults: [string, string][] = [];
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(written)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      defaults.push([name, String(value)]);
    else problems.push({ path: [name], message: 'must be a string, a number, true or false' });
  }
  return problems.length > 0 ? { ok: false, error: problems } : { ok: true, value: Object.fromEntries(defaults) };
}
