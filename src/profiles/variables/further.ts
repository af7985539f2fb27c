import type { Parameter } from '../../api/profile/parameter.ts';
import { matchesGlob } from '../../lib/glob.ts';
import type { EnvironmentEntry } from '../environment.ts';
import type { Profile } from '../profile.ts';
import { isCodeVariable } from '../tenancy/code-variables.ts';

type VariablesParameter = Extract<Parameter, { type: 'variables' }>;

const ASSIGNMENT = /^([A-Za-z_][\w.-]*)=(.*)$/;

/** The variables that a value of type `variables` sets. What is not NAME=VALUE is left out. */
export function variablesFrom(text: string): ReadonlyMap<string, string> {
  return new Map(
    wordsIn(text).flatMap((word) => {
      const [, name, value = ''] = ASSIGNMENT.exec(word) ?? [];
      return name === undefined ? [] : [[name, value] as const];
    }),
  );
}

function wordsIn(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** True if the text is a list of variables that the parameter allows, each of them once. */
export function areVariables(parameter: VariablesParameter, text: string): boolean {
  const names = [...variablesFrom(text).keys()];
  return names.length === wordsIn(text).length && names.every((name) => isAllowed(parameter, name));
}

function isAllowed({ allowed, except = [] }: VariablesParameter, name: string): boolean {
  const matches = (glob: string): boolean => matchesGlob(glob, name);
  return allowed.some(matches) && !except.some(matches) && !isCodeVariable(name);
}

const known = new WeakMap<Profile, ReadonlyMap<string, boolean>>();

/**
 * The variables of the profile, and whether a user's value can stand in for its own: only for a plain text that is set. What a parameter is for keeps
 * its parameter, whose type and levels would count for nothing otherwise; and what loads the agent stays.
 */
export function overridableIn(profile: Profile): ReadonlyMap<string, boolean> {
  const before = known.get(profile);
  if (before) return before;
  const found = new Map<string, boolean>();
  for (const entry of profile.environment) found.set(entry.name, found.get(entry.name) !== false && isPlainText(entry));
  known.set(profile, found);
  return found;
}

function isPlainText({ group, when, operation: { kind, value } }: EnvironmentEntry): boolean {
  return (
    kind === 'set' &&
    group === undefined &&
    when === undefined &&
    'text' in value &&
    value.text.every((part) => typeof part === 'string' && !part.includes('$('))
  );
}

const parameters = new WeakMap<Profile, readonly VariablesParameter[]>();

export function variablesParametersOf(profile: Profile): readonly VariablesParameter[] {
  const found =
    parameters.get(profile) ??
    [...profile.parameters.values()].filter((one): one is VariablesParameter => one.type === 'variables');
  parameters.set(profile, found);
  return found;
}
