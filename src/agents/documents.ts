import { problemText, type Catalogue } from '../core/catalogue.ts';
import { readCatalogue, type CatalogueSource } from '../core/catalogue-reading.ts';
import profiles from './*.yaml';
import defaults from './tables/defaults.yaml';
import foreignAgents from './tables/foreign-agents.yaml';
import sidecars from './tables/sidecars.yaml';
import slots from './tables/slots.yaml';

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
