import { catalogueFrom } from '../../config/catalogue.ts';
import { didYouMean, nearest } from '../../lib/suggest.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { type Catalogue, profileForbiddenBy } from '../../profiles/catalogue.ts';
import { type ProfileSummary, profileSummary } from '../../profiles/summary.ts';
import type { CommandOutput, CommandResult } from '../command-result.ts';
import { listLines, profileLines } from './text.ts';
import { yamlText } from './yaml.ts';

export interface ProfilesOptions {
  /** Undefined: list all. */
  readonly name: string | undefined;
  readonly profiles?: string | undefined;
  readonly config?: string | undefined;
  readonly output: 'text' | 'json' | 'yaml';
}

/** Lists the profiles, or shows one. Throws a UsageError for an unknown name or an invalid profile. */
export async function profiles({ name, output, ...files }: ProfilesOptions): Promise<CommandResult> {
  const catalogue = await catalogueFrom({ profiles: files.profiles, config: files.config });
  if (name === undefined) {
    const all = [...catalogue.profiles.values()]
      .filter((profile) => profileForbiddenBy(catalogue, profile.name) === undefined)
      .map((profile) => profileSummary(profile, catalogue.tenancy));
    return { output: output === 'text' ? { kind: 'lines', lines: listLines(all) } : data(all, output), exitCode: 0 };
  }
  const one = find(catalogue, name);
  return { output: output === 'text' ? { kind: 'lines', lines: profileLines(one) } : data(one, output), exitCode: 0 };
}

function find({ profiles: known, tenancy }: Catalogue, name: string): ProfileSummary {
  const profile = known.get(name);
  if (profile) return profileSummary(profile, tenancy);
  throw new UsageError([`profile "${name}" not found${didYouMean(nearest(name, known.keys()))}`]);
}

function data(value: unknown, output: 'json' | 'yaml'): CommandOutput {
  return output === 'json' ? { kind: 'json', value } : { kind: 'document', text: yamlText(value) };
}
