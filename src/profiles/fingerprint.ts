import { hash32 } from '../lib/text.ts';
import type { Profile } from './profile.ts';

const known = new WeakMap<Profile, string>();

/**
 * Eight hex digits that change with the effect of the profile on a pod, and not with its description, sources, tests or messages. They tell
 * versions of a profile apart in the status annotation; they are not a security feature.
 */
export function profileHash(profile: Profile): string {
  const hash =
    known.get(profile) ??
    hash32(canonical(effectOf(profile)) ?? '')
      .toString(16)
      .padStart(8, '0');
  known.set(profile, hash);
  return hash;
}

function effectOf(profile: Profile): object {
  const {
    vendor: _vendor,
    description: _description,
    language: _language,
    detect: _detect,
    documentation: _documentation,
    sources: _sources,
    advisories: _advisories,
    suspended: _suspended,
    signsOfLife: _signsOfLife,
    canary: _canary,
    version: _version,
    tests: _tests,
    // Derived from the environment.
    changes: _changes,
    ...rest
  } = profile;
  return {
    ...rest,
    parameters: [...profile.parameters.values()]
      .map(({ description: _text, unique: _unique, ...parameter }) => parameter)
      .toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    conflicts: profile.conflicts.map(({ code, match }) => ({ code, match })),
  };
}

/**
 * JSON that is equal text for equal values: keys are sorted, empty and missing values left out. So a new field in a later version of the
 * server changes no hash until a profile uses it.
 */
function canonical(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return value === undefined ? undefined : JSON.stringify(value);
  if (value instanceof Set) return canonical([...value].map((one) => canonical(one) ?? '').toSorted());
  if (value instanceof Map) return canonical([...value]);
  if (Array.isArray(value)) {
    return value.length === 0 ? undefined : `[${value.map((one) => canonical(one) ?? 'null').join(',')}]`;
  }
  const fields = Object.entries(value)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([key, one]) => {
      const text = canonical(one);
      return text === undefined ? [] : [`${JSON.stringify(key)}:${text}`];
    });
  return fields.length === 0 ? undefined : `{${fields.join(',')}}`;
}
