import { SETTINGS_OF_PROFILES, userSettingNames } from '../../api/key-table.ts';
import { type Level, LEVELS } from '../../api/keys.ts';
import type { Parameter } from '../../api/profile/parameter.ts';
import { matchesGlob } from '../../lib/glob.ts';
import { type ParameterClass, classesOf, parameterClasses } from './parameter-class.ts';
import type { Profile } from '../profile.ts';

/** What `settableBy` in the configuration can be about: a class of parameters, or a setting such as `profile`. */
export const lockableNames: readonly string[] = [...Object.keys(parameterClasses), ...userSettingNames];

/** From such a name to the levels that may set it. */
export type SettableBy = ReadonlyMap<string, readonly Level[]>;

/** What the cluster leaves to those who may annotate namespaces and create pods. No profile gives them more. */
export interface Tenancy {
  readonly mode: 'strict' | 'open';
  /** Names or globs; empty: every profile is allowed. */
  readonly allowedProfiles: readonly string[];
  /** False: only users' profiles are allowed, those that extend a built-in one included. */
  readonly builtInProfiles: boolean;
  readonly settableBy: SettableBy;
}

export const STRICT: Tenancy = { mode: 'strict', allowedProfiles: [], builtInProfiles: true, settableBy: new Map() };

/** Profiles alone decide who may set their parameters. */
export const OPEN: Tenancy = { ...STRICT, mode: 'open' };

/** The levels that may set a setting: `containers.PROFILE` as `containers`, `suspended.PROFILE` as `suspended`. */
export function levelsOfSetting({ settableBy }: Tenancy, setting: string): readonly Level[] {
  return settableBy.get(subjectOf(setting)) ?? LEVELS;
}

/** The name by which `settableBy` knows a setting. */
export function subjectOf(setting: string): string {
  return SETTINGS_OF_PROFILES.find((name) => setting.startsWith(`${name}.`)) ?? setting;
}

export interface ParameterLevels {
  readonly levels: readonly Level[];
  /** The classes that take levels from what the profile allows. */
  readonly narrowedBy: readonly ParameterClass[];
}

// The levels depend on nothing else, and every review needs them.
const known = new WeakMap<Tenancy, WeakMap<Profile, Map<string, ParameterLevels>>>();

/** The levels that may set a parameter: those of its profile that each of its classes allows. */
export function levelsOfParameter(tenancy: Tenancy, profile: Profile, parameter: Parameter): ParameterLevels {
  const byProfile = known.get(tenancy) ?? new WeakMap<Profile, Map<string, ParameterLevels>>();
  known.set(tenancy, byProfile);
  const byName = byProfile.get(profile) ?? new Map<string, ParameterLevels>();
  byProfile.set(profile, byName);
  const levels = byName.get(parameter.name) ?? computeLevels(tenancy, profile, parameter);
  byName.set(parameter.name, levels);
  return levels;
}

function computeLevels(tenancy: Tenancy, profile: Profile, parameter: Parameter): ParameterLevels {
  const own = LEVELS.filter((level) => parameter.settableBy.includes(level));
  const allowing = classesOf(profile, parameter).map((name) => [name, levelsOfClass(tenancy, name)] as const);
  return {
    levels: own.filter((level) => allowing.every(([, levels]) => levels.includes(level))),
    narrowedBy: allowing.filter(([, levels]) => own.some((level) => !levels.includes(level))).map(([name]) => name),
  };
}

function levelsOfClass({ mode, settableBy }: Tenancy, name: ParameterClass): readonly Level[] {
  return settableBy.get(name) ?? (mode === 'strict' ? parameterClasses[name].strict : undefined) ?? LEVELS;
}

/** The option that forbids a profile; undefined if the cluster allows it. */
export function forbiddenBy(
  { allowedProfiles, builtInProfiles }: Tenancy,
  name: string,
  isBuiltIn: boolean,
): 'builtInProfiles' | 'allowedProfiles' | undefined {
  if (isBuiltIn && !builtInProfiles) return 'builtInProfiles';
  const isListed = allowedProfiles.length === 0 || allowedProfiles.some((pattern) => matchesGlob(pattern, name));
  return isListed ? undefined : 'allowedProfiles';
}
