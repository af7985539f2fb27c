import * as z from 'zod';
import { matcherSchema } from '../api/profile/matcher.ts';
import type { Result } from '../lib/result.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import {
  type Catalogue,
  type CatalogueTables,
  comparableGuid,
  type Slot,
  withProfiles,
} from '../profiles/catalogue.ts';
import { nameOf } from '../api/profile-resource.ts';
import type { Problem, ProfileSource } from '../profiles/problem.ts';
import { readAllProfiles } from '../profiles/read-profiles.ts';
import { STRICT } from '../profiles/tenancy/policy.ts';
import { problemsOfDefaults, readDefaults } from '../settings/validate-defaults.ts';

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
  z.strictObject({ vendor: z.string(), slots: z.array(z.string()).default([]), match: z.array(matcherSchema).min(1) }),
);

const sidecarsSchema = z.array(
  z.strictObject({ name: z.string(), of: z.string(), match: z.array(matcherSchema).default([]) }),
);

export interface CatalogueDocuments {
  readonly profiles: readonly unknown[];
  readonly slots: unknown;
  readonly foreignAgents: unknown;
  readonly sidecars: unknown;
  readonly defaults: unknown;
}

/** Reads a catalogue, or fails with every problem. Their paths start with the name of the profile or table. */
export function readCatalogue(source: CatalogueDocuments): Result<Catalogue, readonly Problem[]> {
  const read = readTables(source);
  if (!read.ok) return read;
  const tables = read.value;
  const { profiles, problems: inProfiles } = readAllProfiles({
    builtIn: builtInSources(source.profiles),
    own: [],
    slots: new Set(tables.slots.keys()),
  });
  const catalogue = withProfiles(tables, profiles, []);
  const problems = [
    ...inProfiles.map(({ source: { document }, path, message }) => ({
      path: [nameOf(document) ?? 'profiles', ...path],
      message,
    })),
    ...problemsOfForeignAgents(tables),
    ...problemsOfDefaults(catalogue, tables.defaults),
  ];
  return problems.length > 0 ? { ok: false, error: problems } : { ok: true, value: catalogue };
}

export function builtInSources(documents: readonly unknown[]): readonly ProfileSource[] {
  return documents.map((document) => ({ origin: 'built-in', document }));
}

function readTables(source: Omit<CatalogueDocuments, 'profiles'>): Result<CatalogueTables, readonly Problem[]> {
  const slots = slotsSchema.safeParse(source.slots);
  const foreignAgents = foreignAgentsSchema.safeParse(source.foreignAgents);
  const sidecars = sidecarsSchema.safeParse(source.sidecars);
  const defaults = readDefaults(source.defaults);
  if (!slots.success || !foreignAgents.success || !sidecars.success || !defaults.ok) {
    const issues = [slots, foreignAgents, sidecars].flatMap((parsed) => parsed.error?.issues ?? []);
    const problems = [...issues, ...(defaults.ok ? [] : defaults.error)];
    return { ok: false, error: problems.map(({ path, message }) => ({ path, message })) };
  }
  const vendorsOf = ({ vendors }: (typeof slots.data)[number]): Slot['vendors'] =>
    new Map(vendors.map(({ id, vendor }) => [comparableGuid(id), vendor]));
  const tables = {
    slots: new Map(slots.data.map((slot) => [slot.name, { ...slot, vendors: vendorsOf(slot) }])),
    foreignAgents: foreignAgents.data,
    sidecars: sidecars.data,
    defaults: new Map(Object.entries(defaults.value)),
    tenancy: STRICT,
  };
  return { ok: true, value: tables };
}

function problemsOfForeignAgents({ foreignAgents, slots }: CatalogueTables): readonly Problem[] {
  return foreignAgents.flatMap((agent, index) =>
    agent.slots
      .filter((slot) => !slots.has(slot))
      .map((slot) => ({
        path: ['foreignAgents', index, 'slots'],
        message: `unknown slot "${slot}"${didYouMean(nearest(slot, slots.keys()))}`,
      })),
  );
}
