import { settingNames } from '../api/keys.ts';
import type { Matcher } from '../api/profile/matcher.ts';
import { pathText } from '../lib/text.ts';
import type { Problem } from './problem.ts';
import type { Profile } from './profile.ts';

/** An exclusive place in a process that one agent at most can take, and how the environment shows whose it is. */
export interface Slot {
  readonly name: string;
  readonly description: string;
  readonly variables: readonly string[];
  readonly off: readonly { readonly variable: string; readonly value: string }[];
  readonly identity: readonly string[];
  /** From the identity, as `comparableGuid` writes it, to the vendor's name. */
  readonly vendors: ReadonlyMap<string, string>;
}

/** Another vendor's agent, and how it shows in a container. */
export interface ForeignAgent {
  readonly vendor: string;
  /** The exclusive places that it takes: no agent of ours that needs one of them goes in beside it. */
  readonly slots: readonly string[];
  /** Any of them gives it away. */
  readonly signs: readonly Matcher[];
}

/** All that a decision is made of besides the pod and its namespace. */
export interface Catalogue {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly slots: ReadonlyMap<string, Slot>;
  readonly foreignAgents: readonly ForeignAgent[];
  /** Names of containers that are no app. */
  readonly sidecars: ReadonlySet<string>;
  /** Cluster-wide defaults: from a setting's name to its value, as an annotation would have it. */
  readonly defaults: ReadonlyMap<string, string>;
  /** Every name that may stand under our prefix in an annotation: the settings and the parameters of all profiles. */
  readonly knownSettings: ReadonlySet<string>;
}

/** Its path is led by the name of the profile, or by the table, that it is in. */
export interface CatalogueProblem extends Problem {
  /** Of a profile: where it comes from. */
  readonly origin?: string;
}

/** What the profiles of a catalogue are used with. */
export type CatalogueTables = Omit<Catalogue, 'profiles' | 'knownSettings'>;

/** A catalogue of these profiles. */
export function withProfiles(tables: CatalogueTables, profiles: Catalogue['profiles']): Catalogue {
  const own = [...profiles.values()].map(({ name, parameters }) => ({ name, parameters: [...parameters.keys()] }));
  // What is looked for first comes first: a typing slip is seldom in the name of a profile.
  const known = [
    ...settingNames,
    ...own.flatMap(({ parameters }) => parameters),
    ...own.flatMap(({ name, parameters }) => ['containers', ...parameters].map((setting) => `${setting}.${name}`)),
  ];
  return { ...tables, profiles, knownSettings: new Set(known) };
}

/** A problem as one line: where it is, and what. */
export function problemText({ origin, path, message }: CatalogueProblem): string {
  return [origin, pathText(path), message].filter((part) => part !== undefined && part !== '').join(': ');
}

/** The catalogue with a cluster's own defaults laid over the built-in ones. */
export function withDefaults(catalogue: Catalogue, defaults: Iterable<readonly [string, string]>): Catalogue {
  return { ...catalogue, defaults: new Map([...catalogue.defaults, ...defaults]) };
}

/** A GUID so that spellings of one compare equal: the CLR minds neither case nor braces. */
export function comparableGuid(text: string): string {
  return text.replaceAll(/[{}\s]/g, '').toUpperCase();
}
