import { builtInCatalogue } from '../agents/built-in.ts';
import { problemsOfDefaults, withDefaults, type Catalogue } from '../core/catalogue.ts';
import { nearest } from '../core/nearest.ts';
import { UsageError } from './usage-error.ts';

/** The built-in catalogue with the configuration file's defaults. Throws a UsageError for defaults that mean nothing. */
export function clusterCatalogue(defaults: Readonly<Record<string, string>>): Catalogue {
  const catalogue = builtInCatalogue();
  const problems = problemsOfDefaults(catalogue, Object.keys(defaults));
  if (problems.length > 0) {
    throw new UsageError(
      problems.map(({ path, message }) => `${path} ${message}${meant(path.slice('defaults.'.length), catalogue)}`),
    );
  }
  return withDefaults(catalogue, Object.entries(defaults));
}

function meant(name: string, catalogue: Catalogue): string {
  const known = nearest(name, catalogue.knownSettings);
  return known === undefined ? '' : `; did you mean "${known}"?`;
}
