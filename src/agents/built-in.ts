import { readCatalogue, type Catalogue } from '../core/catalogue.ts';
import profiles from './*.yaml';
import defaults from './tables/defaults.yaml';
import sample from './tables/sample.yaml';
import sidecars from './tables/sidecars.yaml';
import slots from './tables/slots.yaml';

/** The catalogue that ships with the product. Its documents are checked like a user's; a defect in them fails the build's tests. */
export function builtInCatalogue(): Catalogue {
  const read = readCatalogue({ profiles: Array.isArray(profiles) ? profiles : [], slots, sidecars, defaults });
  if (read.ok) return read.catalogue;
  throw new Error(read.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
}

/** The Namespace that every name stands for where there is neither a cluster nor a file of namespaces. */
export const sampleNamespace: unknown = sample;
