import frozen from './builtin.catalogue';
import sample from '../agents/tables/sample.yaml';
import type { Catalogue } from '../profiles/catalogue.ts';
import { restore } from './builtin-snapshot.ts';

/** The catalogue that ships with the product. It was read from its documents (documents.ts) when the product was built. */
export function builtInCatalogue(): Catalogue {
  return restore(frozen);
}

/** The Namespace that every name stands for where there is neither a cluster nor a file of namespaces. */
export const sampleNamespace: unknown = sample;
