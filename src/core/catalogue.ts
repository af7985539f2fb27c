import { z } from 'zod';
import { AUTO } from './delivery-choice.ts';
import { nameOf } from './extends.ts';
import { settingNames } from './keys.ts';
import { didYouMean, nearest } from './nearest.ts';
import { accepts, expectation } from './parameter.ts';
import { pathText, type Problem, type Profile } from './profile.ts';
import { readPosition } from './position.ts';
import { readProfiles, type ProfileSet, type ProfileSource } from './profile-set.ts';
import { signSchema, type Sign } from './sign.ts';
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

const slotsSchema = z.array(
  z.strictObject({
    name: z.string(),
    description: z.string(),
    variables: z.array(z.string()).default([]),
    off: z.array(z.strictObject({ variable: z.string(), value: z.string() })).default([]),
    identity: z.array(z.string()).default([]),
    vendors: z.array(z.strictObject({ id: z.string(), vendor: z.string() })).default([]),
  }),
);

const foreignAgentsSchema = z.array(
  z.strictObject({ vendor: z.string(), slots: z.array(z.string()).default([]), signs: z.array(signSchema).min(1) }),
);

const sidecarsSchema = z.array(z.strictObject({ name: z.string(), of: z.string() }));

/** Cluster-wide defaults as written: numbers and booleans may stand unquoted. */
export const defaultsSchema: z.ZodType<Record<string, string>, Record<string, string | number | boolean>> = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean()]).transform(String),
);

/** Documents as written. */
export interface CatalogueSource {
  /** Those that ship. */
  readonly profiles: readonly unknown[];
  /** Those of users. */
  readonly own?: readonly ProfileSource[];
  readonly slots: unknown;
  readonly foreignAgents: unknown;
  readonly sidecars: unknown;
  readonly defaults: unknown;
}

export type ReadCatalogue =
  | { readonly ok: true; readonly catalogue: Catalogue; readonly set: ProfileSet }
  | { readonly ok: false; readonly problems: readonly CatalogueProblem[] };

/** Its path is led by the name of the profile, or by the table, that it is in. */
export interface CatalogueProblem extends Problem {
  /** Of a profile: where it comes from. */
  readonly origin?: string;
}

/** What the profiles of a catalogue are used with. */
export type Tables = Omit<Catalogue, 'profiles' | 'knownSettings'>;

/** What profiles that ship are called as the place of a problem. */
const BUILT_IN = 'built-in';

/** Reads the documents of a catalogue; all problems of all documents are gathered. */
export function readCatalogue(source: CatalogueSource): ReadCatalogue {
  const read = readTables(source);
  if (!read.ok) return { ok: false, problems: read.problems };
  const { tables } = read;
  const reading = readProfiles({
    builtIn: builtInSources(source.profiles),
    own: source.own ?? [],
    slots: new Set(tables.slots.keys()),
  });
  let step = reading.next();
  while (!step.done) step = reading.next();
  const set = step.value;
  const catalogue = withProfiles(tables, set.profiles);
  const problems = [
    ...set.problems.map(({ source: { origin, document }, path, message }) => {
      const name = nameOf(document);
      return { origin, path: name === undefined ? path : [name, ...path], message };
    }),
    ...problemsOfForeignAgents(tables),
    ...problemsOfDefaults(catalogue, tables.defaults),
  ];
  return problems.length > 0 ? { ok: false, problems } : { ok: true, catalogue, set };
}

/** Documents that ship, each with its place. */
export function builtInSources(documents: readonly unknown[]): readonly ProfileSource[] {
  return documents.map((document) => ({ origin: BUILT_IN, document }));
}

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

export type ReadTables =
  | { readonly ok: true; readonly tables: Tables }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads what a catalogue has besides profiles. */
export function readTables(source: Omit<CatalogueSource, 'profiles' | 'own'>): ReadTables {
  const slots = slotsSchema.safeParse(source.slots);
  const foreignAgents = foreignAgentsSchema.safeParse(source.foreignAgents);
  const sidecars = sidecarsSchema.safeParse(source.sidecars);
  const defaults = defaultsSchema.safeParse(source.defaults);
  if (!slots.success || !foreignAgents.success || !sidecars.success || !defaults.success) {
    const issues = [slots, foreignAgents, sidecars, defaults].flatMap((parsed) => parsed.error?.issues ?? []);
    return { ok: false, problems: issues.map(({ path, message }) => ({ path, message })) };
  }
  const vendorsOf = ({ vendors }: (typeof slots.data)[number]): Slot['vendors'] =>
    new Map(vendors.map(({ id, vendor }) => [comparableGuid(id), vendor]));
  const tables = {
    slots: new Map(slots.data.map((slot) => [slot.name, { ...slot, vendors: vendorsOf(slot) }])),
    foreignAgents: foreignAgents.data,
    sidecars: new Set(sidecars.data.map((row) => row.name)),
    defaults: new Map(Object.entries(defaults.data)),
  };
  return { ok: true, tables };
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

function problemsOfForeignAgents({ foreignAgents, slots }: Tables): readonly Problem[] {
  return foreignAgents.flatMap((agent, index) =>
    agent.slots
      .filter((slot) => !slots.has(slot))
      .map((slot) => ({
        path: ['foreignAgents', index, 'slots'],
        message: `"${slot}" is no known slot${didYouMean(nearest(slot, slots.keys()))}`,
      })),
  );
}

/** A GUID so that spellings of one compare equal: the CLR minds neither case nor braces. */
export function comparableGuid(text: string): string {
  return text.replaceAll(/[{}\s]/g, '').toUpperCase();
}
