import { INJECTION_LABEL, key } from '../api/keys.ts';
import { namespacesFromObjects } from '../cluster/caches/namespaces.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import { UsageError } from '../lib/usage-error.ts';
import type { Manifest } from '../manifests/documents.ts';
import { displayName, namespaceObjects, readNamespaces } from '../manifests/file.ts';
import type { Catalogue } from '../profiles/catalogue.ts';

/** What says which namespaces there are, and what is written on them, where there is no cluster to ask. */
export interface NamespaceOptions {
  /** Path of a file of Namespace manifests. */
  readonly namespaces: string | undefined;
  readonly profile: string | undefined;
  /** `key=value`, as if the namespace had that annotation. */
  readonly set: readonly string[];
}

/** What `--profile` and `--set` say, as annotations of the namespace. Throws a UsageError for keys that do not exist. */
export function annotationsFrom(
  { profile, set }: Omit<NamespaceOptions, 'namespaces'>,
  catalogue: Catalogue,
): Readonly<Record<string, string>> {
  const problems: string[] = [];
  const annotations: Record<string, string> = profile === undefined ? {} : { [key('profile')]: profile };
  for (const assignment of set) {
    const at = assignment.indexOf('=');
    const name = assignment.slice(0, Math.max(at, 0));
    const known = catalogue.knownSettings.has(name) && name !== 'status';
    if (at < 1) problems.push(`--set ${assignment}: write it as KEY=VALUE`);
    else if (!known)
      problems.push(`--set ${assignment}: no such key${didYouMean(nearest(name, catalogue.knownSettings))}`);
    else annotations[key(name)] = assignment.slice(at + 1);
  }
  if (problems.length > 0) throw new UsageError(problems);
  return annotations;
}

/**
 * Where namespaces are known from: the file itself and `--namespaces`. A namespace that neither of them speaks of, where no list was given,
 * is taken as opted in: who runs a command on a file wants what is in it injected.
 */
export async function namespaceFinder(
  { namespaces }: NamespaceOptions,
  manifest: { readonly file: string; readonly manifest: Manifest } | undefined,
  annotations: Readonly<Record<string, string>>,
): Promise<(name: string) => Namespace | undefined> {
  const own = manifest ? namespaceObjects(displayName(manifest.file), manifest.manifest) : [];
  const listed = namespaces === undefined ? [] : await readNamespaces(namespaces);
  const known = namespacesFromObjects([...listed, ...own]);
  const assumed = { labels: { [INJECTION_LABEL]: 'enabled' }, annotations: {} };
  return (name) => {
    const namespace = known.get(name) ?? (namespaces === undefined ? { name, ...assumed } : undefined);
    return namespace && { ...namespace, annotations: { ...namespace.annotations, ...annotations } };
  };
}
