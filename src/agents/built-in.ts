import { z } from 'zod';
import { problemText, readCatalogue, type Catalogue, type CatalogueSource } from '../core/catalogue.ts';
import type { KnownInjector } from '../core/neighbour-injectors.ts';
import profiles from './*.yaml';
import defaults from './tables/defaults.yaml';
import foreignAgents from './tables/foreign-agents.yaml';
import injectors from './tables/injectors.yaml';
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

/** Other products that change pods as they are created. */
export const knownInjectors: readonly KnownInjector[] = z
  .array(z.strictObject({ name: z.string().min(3), product: z.string(), collides: z.boolean() }))
  .parse(injectors);

/** The Namespace that every name stands for where there is neither a cluster nor a file of namespaces. */
export const sampleNamespace: unknown = sample;
