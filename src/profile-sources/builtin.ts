import frozen from './builtin.catalogue';
import sample from '../agents/tables/sample.yaml';
import type { Catalogue } from '../profiles/catalogue.ts';
import { restore } from './builtin-snapshot.ts';

/** The built-in catalogue, which the build has read from its documents. */
export function builtInCatalogue(): Catalogue {
  return restore(frozen);
}

/** The Namespace for every name, without a cluster and without a file of namespaces. */
export const sampleNamespace: unknown = sample;
