import profiles from '../agents/*.yaml';
import defaults from '../agents/tables/defaults.yaml';
import foreignAgents from '../agents/tables/foreign-agents.yaml';
import sidecars from '../agents/tables/sidecars.yaml';
import slots from '../agents/tables/slots.yaml';
import { type Catalogue, problemText } from '../profiles/catalogue.ts';
import type { ProfileSource } from '../profiles/problem.ts';
import { type ProfileSet, readAllProfiles } from '../profiles/read-profiles.ts';
import { builtInSources, type CatalogueDocuments, readCatalogue } from './read-catalogue.ts';

/** The built-in documents. They are validated like a user's; an error in them fails the build. */
export const builtInDocuments: CatalogueDocuments = {
  profiles: Array.isArray(profiles) ? profiles : [],
  slots,
  foreignAgents,
  sidecars,
  defaults,
};

/** The built-in catalogue, read from its documents. Throws an Error with every problem in them. */
export function readBuiltIn(): Catalogue {
  const read = readCatalogue(builtInDocuments);
  if (read.ok) return read.value;
  throw new Error(read.error.map(problemText).join('\n'));
}

export function readWithBuiltIn(own: readonly ProfileSource[], { slots: known }: Pick<Catalogue, 'slots'>): ProfileSet {
  return readAllProfiles({
    builtIn: builtInSources(builtInDocuments.profiles),
    own,
    slots: new Set(known.keys()),
  });
}
