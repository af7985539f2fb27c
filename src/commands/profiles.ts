import { stringify } from 'yaml';
import { builtInCatalogue } from '../agents/built-in.ts';
import type { Catalogue } from '../core/catalogue.ts';
import { didYouMean, nearest } from '../core/nearest.ts';
import { summaryOf, type ProfileSummary } from '../core/profile-summary.ts';
import { listText, profileText } from './profile-text.ts';
import { UsageError } from './usage-error.ts';

export interface ProfilesOptions {
  /** One profile with all that there is to know of it; undefined: the list. */
  readonly name: string | undefined;
  readonly output: 'text' | 'json' | 'yaml';
}

/** Lists the profiles, or shows one. Throws a UsageError when there is none of that name. */
export function profiles({ name, output }: ProfilesOptions): string {
  const catalogue = builtInCatalogue();
  if (name === undefined) {
    const all = [...catalogue.profiles.values()].map(summaryOf);
    return output === 'text' ? listText(all) : dataText(all, output);
  }
  const one = find(catalogue, name);
  return output === 'text' ? profileText(one) : dataText(one, output);
}

function find({ profiles: known }: Catalogue, name: string): ProfileSummary {
  const profile = known.get(name);
  if (profile) return summaryOf(profile);
  throw new UsageError([`no profile "${name}"${didYouMean(nearest(name, known.keys()))}`]);
}

function dataText(data: unknown, output: 'json' | 'yaml'): string {
  return output === 'json' ? `${JSON.stringify(data, null, 2)}\n` : stringify(data, { aliasDuplicateObjects: false });
}
