import { type InjectionSwitch, stricterSwitch } from '../api/injection-switch.ts';
import { SETTINGS_OF_PROFILES, userSettingNames } from '../api/key-table.ts';
import type { Matcher } from '../api/profile/matcher.ts';
import { pathText } from '../lib/text.ts';
import type { Problem } from './problem.ts';
import { readProfileChoice } from './automatic/profile-choice.ts';
import type { Profile } from './profile.ts';
import { forbiddenBy, type Tenancy } from './tenancy/policy.ts';

/** An exclusive place in a process, for one agent at most. The environment shows whether it is taken, and by which vendor. */
export interface Slot {
  readonly name: string;
  readonly description: string;
  readonly variables: readonly string[];
  readonly off: readonly { readonly variable: string; readonly value: string }[];
  readonly identity: readonly string[];
  readonly vendors: ReadonlyMap<string, string>;
}

export interface ForeignAgent {
  readonly vendor: string;
  /** Slots that it takes: a profile that needs one of them is not injected. */
  readonly slots: readonly string[];
  readonly match: readonly Matcher[];
}

/** A container that is not an app: its name matches the glob, and each of the matchers matches the container. */
export interface Sidecar {
  readonly name: string;
  readonly of: string;
  readonly match: readonly Matcher[];
}

/** All inputs of a decision except the pod, its namespace and the cluster. */
export interface Catalogue {
  readonly profiles: ReadonlyMap<string, Profile>;
  /** Names of the users' profiles among them; all others are built in. */
  readonly own: ReadonlySet<string>;
  readonly slots: ReadonlyMap<string, Slot>;
  readonly foreignAgents: readonly ForeignAgent[];
  readonly sidecars: readonly Sidecar[];
  readonly defaults: ReadonlyMap<string, string>;
  readonly tenancy: Tenancy;
  /** Names of the defaults that the cluster sets itself; the others are built in. */
  readonly ownDefaults?: ReadonlySet<string>;
  /** True if required pods have no way out (the option `strictRequired`). */
  readonly strictRequired?: boolean;
  /** The revision of the release: it serves the namespaces with this revision, or those without any. */
  readonly revision?: string;
  /** False: injected pods get no label. */
  readonly podLabel?: boolean;
  /** Whether the cluster injects at all; undefined: it does. */
  readonly injection?: InjectionSwitch;
  /** All names in annotations with our prefix that users may write: settings, and parameters of all profiles. */
  readonly knownSettings: ReadonlySet<string>;
}

export type CatalogueTables = Omit<Catalogue, 'profiles' | 'own' | 'knownSettings'>;

export function withProfiles(
  tables: CatalogueTables,
  profiles: Catalogue['profiles'],
  own: Iterable<string>,
): Catalogue {
  const named = [...profiles.values()].map(({ name, parameters }) => ({ name, parameters: [...parameters.keys()] }));
  // Suggestions prefer the first of equally similar names: a typo is seldom in the name of a profile.
  const known = [
    ...userSettingNames,
    ...named.flatMap(({ parameters }) => parameters),
    ...named.flatMap(({ name, parameters }) =>
      [...SETTINGS_OF_PROFILES, ...parameters].map((setting) => `${setting}.${name}`),
    ),
  ];
  return { ...tables, profiles, own: new Set(own), knownSettings: new Set(known) };
}

export function problemText({ path, message }: Problem): string {
  return path.length === 0 ? message : `${pathText(path)}: ${message}`;
}

/** Adds the cluster's own defaults, which override the built-in ones. */
export function withDefaults(catalogue: Catalogue, defaults: Iterable<readonly [string, string]>): Catalogue {
  const own = new Map(defaults);
  return {
    ...catalogue,
    defaults: new Map([...catalogue.defaults, ...own]),
    ownDefaults: new Set([...(catalogue.ownDefaults ?? []), ...own.keys()]),
  };
}

/**
 * Adds the cluster's policy. The built-in default of `profile` does not apply if the policy forbids that profile: a namespace that chooses none
 * then gets none.
 */
export function withTenancy(catalogue: Catalogue, tenancy: Tenancy): Catalogue {
  const isForbidden = (readProfileChoice(catalogue.defaults.get('profile') ?? '')?.names ?? []).some(
    (name) => forbiddenBy(tenancy, name, true) !== undefined,
  );
  const defaults = new Map(catalogue.defaults);
  if (isForbidden) defaults.delete('profile');
  return { ...catalogue, tenancy, defaults };
}

/** Adds the state of a switch to what the settings say. The same catalogue if it switches nothing. */
export function withSwitch(catalogue: Catalogue, state: InjectionSwitch | undefined): Catalogue {
  if (!state || (state.mode === 'on' && state.profiles.size === 0)) return catalogue;
  return { ...catalogue, injection: catalogue.injection ? stricterSwitch(catalogue.injection, state) : state };
}

/** The option that forbids a profile of the catalogue; undefined if the cluster allows it. */
export function profileForbiddenBy({ tenancy, own }: Catalogue, name: string): ReturnType<typeof forbiddenBy> {
  return forbiddenBy(tenancy, name, !own.has(name));
}

/** Normalizes a GUID for comparison: the CLR ignores case and braces. */
export function comparableGuid(text: string): string {
  return text.replaceAll(/[{}\s]/g, '').toUpperCase();
}
