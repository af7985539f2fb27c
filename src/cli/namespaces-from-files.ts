import { ENABLED, INJECTION_LABEL, key } from '../api/keys.ts';
import { namespacesFromObjects } from '../cluster/caches/namespaces.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import { splitList } from '../lib/text.ts';
import { UsageError } from '../lib/usage-error.ts';
import { displayName, namespaceObjects, readNamespaces } from '../manifests/file.ts';
import type { ManifestSource } from '../manifests/sources.ts';
import type { Catalogue } from '../profiles/catalogue.ts';

export interface NamespaceOptions {
  readonly namespaces?: string | undefined;
  /** Value of the namespace's annotation `agent-injector.io/profile`. */
  readonly profile?: string | undefined;
  /** `KEY=VALUE`: more annotations of the namespace, without their prefix. */
  readonly set?: readonly string[] | undefined;
}

/** `--profile` and `--set` as annotations of a namespace. Throws a UsageError for unknown keys. */
export function annotationsFrom(
  { profile, set = [] }: Omit<NamespaceOptions, 'namespaces'>,
  catalogue: Catalogue,
): Readonly<Record<string, string>> {
  const problems: string[] = [];
  const annotations: Record<string, string> = profile === undefined ? {} : { [key('profile')]: profile };
  for (const assignment of set) {
    const at = assignment.indexOf('=');
    const name = assignment.slice(0, Math.max(at, 0));
    if (at < 1) problems.push(`--set ${assignment}: must be KEY=VALUE`);
    else if (!catalogue.knownSettings.has(name))
      problems.push(`--set ${assignment}: unknown key${didYouMean(nearest(name, catalogue.knownSettings))}`);
    else annotations[key(name)] = assignment.slice(at + 1);
  }
  // The keys of a profile that is not found are not known either.
  if (problems.length > 0) throw new UsageError([...unknownProfiles(profile, catalogue), ...problems]);
  return annotations;
}

function unknownProfiles(profile: string | undefined, { profiles }: Catalogue): readonly string[] {
  return splitList(profile ?? '')
    .filter((name) => name !== 'none' && !profiles.has(name))
    .map((name) => {
      const suggestion = didYouMean(nearest(name, profiles.keys()));
      return `--profile ${name}: profile not found${suggestion}; --profiles DIR names your own`;
    });
}

/**
 * Finds namespaces in the manifests and in `--namespaces`. Without `--namespaces`, a namespace that is not found counts as enabled: a user
 * who injects a file wants its pods injected.
 */
export async function namespaceFinder(
  { namespaces }: NamespaceOptions,
  sources: readonly ManifestSource[],
  annotations: Readonly<Record<string, string>>,
): Promise<(name: string) => Namespace | undefined> {
  const own = sources.flatMap(({ file, manifest }) => namespaceObjects(displayName(file), manifest));
  const listed = namespaces === undefined ? [] : await readNamespaces(namespaces);
  const known = namespacesFromObjects([...listed, ...own]);
  const assumed = { labels: { [INJECTION_LABEL]: ENABLED }, annotations: {} };
  return (name) => {
    const namespace = known.get(name) ?? (namespaces === undefined ? { name, ...assumed } : undefined);
    return namespace && { ...namespace, annotations: { ...namespace.annotations, ...annotations } };
  };
}
