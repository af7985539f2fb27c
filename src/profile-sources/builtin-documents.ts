import profiles from '../agents/*.yaml';
import defaults from '../agents/tables/defaults.yaml';
import foreignAgents from '../agents/tables/foreign-agents.yaml';
import sidecars from '../agents/tables/sidecars.yaml';
import slots from '../agents/tables/slots.yaml';
import { type Catalogue, problemText } from '../profiles/catalogue.ts';
import { type CatalogueSource, readCatalogue } from './read-catalogue.ts';

/** The documents that ship with the product. They are checked like a user's; a defect in them fails the build. */
export const builtInDocuments: CatalogueSource = {
  profiles: Array.isArray(profiles) ? profiles : [],
  slots,
  foreignAgents,
  sidecars,
  defaults,
};

/** The catalogue that these documents make. Throws an Error with every problem of theirs. */
export function readBuiltIn(): Catalogue {
  const read = readCatalogue(builtInDocuments);
  if (read.ok) return read.catalogue;
  throw new Error(read.problems.map(problemText).join('\n'));
}
