import { readCatalogue, type Catalogue } from '../core/catalogue.ts';
import { pathText } from '../core/profile.ts';
import profiles from './*.yaml';
import defaults from './tables/defaults.yaml';
import foreignAgents from './tables/foreign-agents.yaml';
import sample from './tables/sample.yaml';
import sidecars from './tables/sidecars.yaml';
import slots from './tables/slots.yaml';

/** The catalogue that ships with the product. Its documents are checked like a user's; a defect in them fails the build's tests. */
export function builtInCatalogue(): Catalogue {
  const read = readCatalogue({
    profiles: Array.isArray(profiles) ? profiles : [],
    slots,
    foreignAgents,
    sidecars,
    defaults,
  });
  if (read.ok) return read.catalogue;
  throw new Error(read.problems.map(({ path, message }) => `${pathText(path)}: ${message}`).join('\n'));
}

/** The Namespace that every name stands for where there is neither a cluster nor a file of namespaces. */
export const sampleNamespace: unknown = sample;
