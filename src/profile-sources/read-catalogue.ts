import * as z from 'zod';
import { matcherSchema } from '../api/profile/matcher.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import {
  type Catalogue,
  type CatalogueProblem,
  comparableGuid,
  type Slot,
  type CatalogueTables,
  withProfiles,
} from '../profiles/catalogue.ts';
import { nameOf } from '../profiles/extends.ts';
import type { Problem } from '../profiles/problem.ts';
import { type ProfileSet, type ProfileSource, readProfiles } from '../profiles/read-profiles.ts';
import { problemsOfDefaults, readDefaults } from '../settings/defaults.ts';

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
  z.strictObject({ vendor: z.string(), slots: z.array(z.string()).default([]), signs: z.array(matcherSchema).min(1) }),
);

const sidecarsSchema = z.array(z.strictObject({ name: z.string(), of: z.string() }));

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

export type ReadTables =
  | { readonly ok: true; readonly tables: CatalogueTables }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads what a catalogue has besides profiles. */
export function readTables(source: Omit<CatalogueSource, 'profiles' | 'own'>): ReadTables {
  const slots = slotsSchema.safeParse(source.slots);
  const foreignAgents = foreignAgentsSchema.safeParse(source.foreignAgents);
  const sidecars = sidecarsSchema.safeParse(source.sidecars);
  const defaults = readDefaults(source.defaults);
  if (!slots.success || !foreignAgents.success || !sidecars.success || !defaults.ok) {
    const issues = [slots, foreignAgents, sidecars].flatMap((parsed) => parsed.error?.issues ?? []);
    const problems = [...issues, ...(defaults.ok ? [] : defaults.error)];
    return { ok: false, problems: problems.map(({ path, message }) => ({ path, message })) };
  }
  const vendorsOf = ({ vendors }: (typeof slots.data)[number]): Slot['vendors'] =>
    new Map(vendors.map(({ id, vendor }) => [comparableGuid(id), vendor]));
  const tables = {
    slots: new Map(slots.data.map((slot) => [slot.name, { ...slot, vendors: vendorsOf(slot) }])),
    foreignAgents: foreignAgents.data,
    sidecars: new Set(sidecars.data.map((row) => row.name)),
    defaults: new Map(Object.entries(defaults.value)),
  };
  return { ok: true, tables };
}

function problemsOfForeignAgents({ foreignAgents, slots }: CatalogueTables): readonly Problem[] {
  return foreignAgents.flatMap((agent, index) =>
    agent.slots
      .filter((slot) => !slots.has(slot))
      .map((slot) => ({
        path: ['foreignAgents', index, 'slots'],
        message: `"${slot}" is no known slot${didYouMean(nearest(slot, slots.keys()))}`,
      })),
  );
}
