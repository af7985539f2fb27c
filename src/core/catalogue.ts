import { AUTO } from './delivery-choice.ts';
import { settingNames } from './keys.ts';
import { didYouMean, nearest } from './nearest.ts';
import { accepts, expectation } from './parameter.ts';
import { pathText } from './path-text.ts';
import type { Problem, Profile } from './profile.ts';
import { readPosition } from './position.ts';
import type { Sign } from './sign.ts';
import { words } from './words.ts';

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
  readonly signs: readonly Sign[];
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
export type Tables = Omit<Catalogue, 'profiles' | 'knownSettings'>;

/** A catalogue of these profiles. */
export function withProfiles(tables: Tables, profiles: Catalogue['profiles']): Catalogue {
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
    words(value)
      .filter((word) => word !== 'none' && !catalogue.profiles.has(word))
      .map((word) => `no profile "${word}"${didYouMean(nearest(word, catalogue.profiles.keys()))}`),
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
    return [`is no setting and no parameter of any profile${didYouMean(nearest(name, catalogue.knownSettings))}`];
  }
  const wrong = declared.filter((one) => !accepts(one, value)).map((one) => `"${value}" must be ${expectation(one)}`);
  // Several profiles have a parameter of one name: what they say alike is said once.
  return [...new Set(wrong)];
}

/** A GUID so that spellings of one compare equal: the CLR minds neither case nor braces. */
export function comparableGuid(text: string): string {
  return text.replaceAll(/[{}\s]/g, '').toUpperCase();
}
