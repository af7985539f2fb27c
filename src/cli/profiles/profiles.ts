import { stringify } from 'yaml';
import { catalogueFrom } from '../../config/catalogue.ts';
import { didYouMean, nearest } from '../../lib/suggest.ts';
import { UsageError } from '../../lib/usage-error.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import { type ProfileSummary, summaryOf } from '../../profiles/summary.ts';
import { listText, profileText } from './text.ts';

export interface ProfilesOptions {
  /** One profile with all that there is to know of it; undefined: the list. */
  readonly name: string | undefined;
  /** Path of a directory of profiles beside the built-in ones. */
  readonly profiles: string | undefined;
  readonly output: 'text' | 'json' | 'yaml';
}

/** Lists the profiles, or shows one. Throws a UsageError when there is none of that name, or when one in the directory is broken. */
export async function profiles({ name, output, ...files }: ProfilesOptions): Promise<string> {
  const catalogue = await catalogueFrom({ profiles: files.profiles });
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
