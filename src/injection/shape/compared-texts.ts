import { isGlob } from '../../lib/glob.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import type { EnvironmentEntry } from '../../profiles/environment.ts';
import type { Profile } from '../../profiles/profile.ts';
import { parametersOf, parseTemplate } from '../../profiles/template.ts';
import { templateUses } from '../../profiles/template-uses.ts';

/** The texts of a catalogue's tables that a rule may compare with one that is made of a name. */
export function textsIn({ defaults, slots }: Pick<Catalogue, 'defaults' | 'slots'>): readonly string[] {
  return [...defaults.values(), ...[...slots.values()].flatMap(({ off }) => off.map(({ value }) => value))];
}

/** Those of a profile: values, conditions, and literal parts of templates. */
export function textsOf(profile: Profile): readonly string[] {
  const { parameters, variants, environment, writablePaths, files, objects } = profile;
  return [
    ...[...parameters.values()].flatMap((one) => [String(one.default ?? ''), ...('values' in one ? one.values : [])]),
    ...variants.flatMap(({ values }) => [...values.values()]),
    ...[...environment, ...writablePaths, ...files, ...objects].flatMap(({ when }) =>
      when?.parameter ? [when.parameter.equals ?? ''] : [],
    ),
    ...templateUses(profile, environment).flatMap(({ template }) =>
      template.filter((part): part is string => typeof part === 'string'),
    ),
  ];
}

/**
 * True if the profile matches a part of a text that may have a name in it: by a glob for a default, by a separator that names can contain, or by a matcher
 * of what a container has after the injection.
 */
export function matchesParts(profile: Profile): boolean {
  const hasGlob = [...profile.parameters.values()].some(
    (one) => 'allowed' in one && one.allowed && parametersOf(parseTemplate(one.default ?? '')).length > 0,
  );
  return hasGlob || profile.environment.some(separatesNames) || looksIntoResults(profile);
}

function looksIntoResults({ advisories, environment, parameters }: Profile): boolean {
  const names = advisories.flatMap(({ match }) =>
    match.flatMap(({ resultingEnv }) => (resultingEnv ? [resultingEnv.name].flat() : [])),
  );
  const isComputed = (name: string): boolean =>
    !parameters.has(name) || parametersOf(parseTemplate(String(parameters.get(name)?.default ?? ''))).length > 0;
  const hasFacts = ({ operation: { value } }: EnvironmentEntry): boolean =>
    'text' in value
      ? parametersOf(value.text).some(isComputed)
      : 'pairs' in value && 'parameter' in value.pairs && isComputed(value.pairs.parameter);
  return names.some(isGlob) || environment.some((entry) => names.includes(entry.name) && hasFacts(entry));
}

const PART_OF_NAME = /^[-a-z0-9]+$/;

function separatesNames({ operation }: EnvironmentEntry): boolean {
  if (!('separator' in operation)) return false;
  const { separator } = operation;
  return [separator, 'assignment' in operation ? operation.assignment : separator].some((text) =>
    PART_OF_NAME.test(text),
  );
}
