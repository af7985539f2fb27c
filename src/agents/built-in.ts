import type { Catalogue } from '../core/catalogue.ts';
import frozen from './built-in.catalogue';
import { thaw } from './frozen-catalogue.ts';
import sample from './tables/sample.yaml';

/** The catalogue that ships with the product. It was read from its documents (documents.ts) when the product was built. */
export function builtInCatalogue(): Catalogue {
  return thaw(frozen);
}

/** The Namespace that every name stands for where there is neither a cluster nor a file of namespaces. */
export const sampleNamespace: unknown = sample;
