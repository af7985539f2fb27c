import { catalogueFrom } from '../../config/catalogue.ts';
import { didYouMean, nearest } from '../../lib/suggest.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { type Catalogue, profileForbiddenBy } from '../../profiles/catalogue.ts';
import { type ProfileSummary, profileSummary } from '../../profiles/summary.ts';
import { nameOf } from '../../api/profile-resource.ts';
import type { CommandResult } from '../command-result.ts';
import { dataOutput } from '../data-output.ts';
import { listLines, profileLines } from './text.ts';
import { yamlText } from './yaml.ts';

export interface ProfilesOptions {
  /** Undefined: list all. */
  readonly name: string | undefined;
  readonly profiles?: string | undefined;
  readonly config?: string | undefined;
  /** The document of a built-in profile, to be changed or extended. */
  readonly source?: boolean | undefined;
  readonly output: 'table' | 'wide' | 'json' | 'yaml';
}

/** Lists the profiles, or shows one. Throws a UsageError for an unknown name or an invalid profile. */
export async function profiles({ name, output, source, ...files }: ProfilesOptions): Promise<CommandResult> {
  if (source) return { output: { kind: 'document', text: await sourceOf(name) }, exitCode: 0 };
  const catalogue = await catalogueFrom({ profiles: files.profiles, config: files.config });
  if (name === undefined) {
    const all = [...catalogue.profiles.values()]
      .filter((profile) => profileForbiddenBy(catalogue, profile.name) === undefined)
      .map((profile) => profileSummary(profile, catalogue.tenancy));
    const lines = (): readonly string[] => listLines(all, catalogue, output === 'wide');
    return { output: isText(output) ? { kind: 'lines', lines: lines() } : dataOutput(output, all), exitCode: 0 };
  }
  const one = find(catalogue, name);
  return {
    output: isText(output) ? { kind: 'lines', lines: profileLines(one) } : dataOutput(output, one),
    exitCode: 0,
  };
}

function isText(output: ProfilesOptions['output']): output is 'table' | 'wide' {
  return output === 'table' || output === 'wide';
}

async function sourceOf(name: string | undefined): Promise<string> {
  if (name === undefined) throw new UsageError(['--source requires the name of a profile']);
  // Loaded on demand: the built-in profiles were parsed at build time.
  const { builtInDocuments } = await import('../../profile-sources/builtin-documents.ts');
  const known = new Map(builtInDocuments.profiles.flatMap((one) => [[nameOf(one), one] as const]));
  const document = known.get(name);
  if (document !== undefined) return yamlText(document);
  const names = [...known.keys()].filter((one) => one !== undefined);
  throw new UsageError([`"${name}" is not a built-in profile${didYouMean(nearest(name, names))}`]);
}

function find({ profiles: known, tenancy }: Catalogue, name: string): ProfileSummary {
  const profile = known.get(name);
  if (profile) return profileSummary(profile, tenancy);
  throw new UsageError([`profile "${name}" not found${didYouMean(nearest(name, known.keys()))}`]);
}
