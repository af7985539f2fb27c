import { catalogueFrom } from '../../config/catalogue.ts';
import { didYouMean, nearest } from '../../lib/suggest.ts';
import { UsageError } from '../../lib/usage-error.ts';

/**
 * Messages about a profile that is not known here. Throws a UsageError if its name is close to a known one: a stop with a typing error would stop
 * nothing. Servers may have profiles that this command does not know, and an emergency must not wait for them.
 */
export async function checkProfileName({
  profile,
  profiles,
}: {
  readonly profile?: string | undefined;
  readonly profiles?: string | undefined;
}): Promise<readonly string[]> {
  if (profile === undefined) return [];
  const known = (await catalogueFrom({ profiles })).profiles;
  if (known.has(profile)) return [];
  const suggestion = nearest(profile, known.keys());
  if (suggestion !== undefined)
    throw new UsageError([
      `--profile: "${profile}" is not known here${didYouMean(suggestion)} If it is one of your own profiles, name their directory with --profiles`,
    ]);
  return [
    `note: "${profile}" is not a built-in profile: unless the servers have a profile of this name, nothing is stopped`,
  ];
}
