import { problemText, readCatalogue, type Catalogue, type CatalogueSource } from '../core/catalogue.ts';
import profiles from './*.yaml';
import defaults from './tables/defaults.yaml';
import foreignAgents from './tables/foreign-agents.yaml';
import sample from './tables/sample.yaml';
import sidecars from './tables/sidecars.yaml';
import slots from './tables/slots.yaml';

/** The documents that ship with the product. They are checked like a user's; a defect in them fails the build's tests. */
export const builtInDocuments: CatalogueSource = {
  profiles: Array.isArray(profiles) ? profiles : [],
  slots,
  foreignAgents,
  sidecars,
  defaults,
};

/** The catalogue that ships with the product. */
export function builtInCatalogue(): Catalogue {
  const read = readCatalogue(builtInDocuments);
  if (read.ok) return read.catalogue;
  throw new Error(read.problems.map(problemText).join('\n'));
}

/** The Namespace that every name stands for where there is neither a cluster nor a file of namespaces. */
export const sampleNamespace: unknown = sample;
