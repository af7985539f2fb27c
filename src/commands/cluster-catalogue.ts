import { builtInCatalogue } from '../agents/built-in.ts';
import { problemsOfDefaults, withDefaults, type Catalogue } from '../core/catalogue.ts';
import { pathText } from '../core/profile.ts';
import type { Config, ReadConfig } from '../config.ts';
import { UsageError } from './usage-error.ts';

/** The configuration, and the built-in catalogue with its defaults. Throws a UsageError with every problem of both at once. */
export function catalogueFor(read: ReadConfig): { readonly config: Config; readonly catalogue: Catalogue } {
  const catalogue = builtInCatalogue();
  const defaults = Object.entries(read.ok ? read.config.defaults : read.defaults);
  const problems = [
    ...(read.ok ? [] : read.problems),
    ...problemsOfDefaults(catalogue, defaults).map(({ path, message }) => `${pathText(path)}: ${message}`),
  ];
  if (!read.ok || problems.length > 0) throw new UsageError(problems);
  return { config: read.config, catalogue: withDefaults(catalogue, defaults) };
}
