import { userSettingNames } from '../api/keys.ts';
import type { Matcher } from '../api/profile/matcher.ts';
import { pathText } from '../lib/text.ts';
import type { Problem } from './problem.ts';
import type { Profile } from './profile.ts';

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
  readonly signs: readonly Matcher[];
}

/** All inputs of a decision except the pod, its namespace and the cluster. */
export interface Catalogue {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly slots: ReadonlyMap<string, Slot>;
  readonly foreignAgents: readonly ForeignAgent[];
  /** Names of containers that are not an app. */
  readonly sidecars: ReadonlySet<string>;
  readonly defaults: ReadonlyMap<string, string>;
  /** Names of the defaults that the cluster sets itself; the others are built in. */
  readonly ownDefaults?: ReadonlySet<string>;
  /** True if required pods have no way out (the option `strictRequired`). */
  readonly strictRequired?: boolean;
  /** All names in annotations with our prefix that users may write: settings, and parameters of all profiles. */
  readonly knownSettings: ReadonlySet<string>;
}

export type CatalogueTables = Omit<Catalogue, 'profiles' | 'knownSettings'>;

export function withProfiles(tables: CatalogueTables, profiles: Catalogue['profiles']): Catalogue {
  const own = [...profiles.values()].map(({ name, parameters }) => ({ name, parameters: [...parameters.keys()] }));
  // Suggestions prefer the first of equally similar names: a typo is seldom in the name of a profile.
  const known = [
    ...userSettingNames,
    ...own.flatMap(({ parameters }) => parameters),
    ...own.flatMap(({ name, parameters }) => ['containers', ...parameters].map((setting) => `${setting}.${name}`)),
  ];
  return { ...tables, profiles, knownSettings: new Set(known) };
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

/** Normalizes a GUID for comparison: the CLR ignores case and braces. */
export function comparableGuid(text: string): string {
  return text.replaceAll(/[{}\s]/g, '').toUpperCase();
}
