import { isNotFound } from '../cluster/client/errors.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { readOnce } from '../cluster/one-shot.ts';
import type { ObjectName } from '../cluster/object-name.ts';
import { type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { withProfiles, withUnread } from '../profiles/catalogue.ts';
import type { ResolvedProfile } from '../profiles/read-profiles.ts';

/** The catalogue with the installed server's own profiles, and what is wrong with them or keeps them from being read. */
export interface InstalledProfiles {
  readonly catalogue: Catalogue;
  /** Those of the server's files. */
  readonly own: ReadonlyMap<string, ResolvedProfile>;
  readonly problems: readonly string[];
}

const NONE: InstalledProfiles['own'] = new Map();

/** Reads the profiles that the chart has put into a ConfigMap beside the server's Service. Never throws. */
export async function withInstalledProfiles(
  client: KubeClient,
  service: ObjectName,
  catalogue: Catalogue,
): Promise<InstalledProfiles> {
  const found = await readProfiles(client, service);
  if (found.kind === 'none') return { catalogue, own: NONE, problems: [] };
  if (found.kind === 'unreadable')
    return {
      catalogue: withUnread(catalogue, 'files'),
      own: NONE,
      problems: [`its own profiles cannot be read (${found.where})`],
    };
  // Loaded on demand: most servers have no profiles of their own, so most commands need no parser.
  const { readWithBuiltIn } = await import('../profile-sources/builtin-documents.ts');
  const { fileProblem, fileProblemText, readProfileDocuments } = await import('../profile-sources/read-documents.ts');
  const documents = Object.entries(found.data).flatMap(([file, text]) =>
    typeof text === 'string' ? readProfileDocuments(`${found.where} ${file}`, { ok: true, value: text }) : [],
  );
  const sources = documents.flatMap(({ source }) => (source.ok ? [source.value] : []));
  const set = readWithBuiltIn(sources, catalogue);
  const problems = [
    ...documents.flatMap(({ source }) => (source.ok ? [] : source.error)),
    ...set.problems.map(fileProblem),
  ].map(fileProblemText);
  const own = [...set.own].map(([name, { profile }]) => [name, profile] as const);
  const profiles = new Map([...catalogue.profiles, ...own]);
  return {
    catalogue: withProfiles(catalogue, profiles, [...catalogue.own, ...set.own.keys()]),
    own: set.own,
    problems,
  };
}

type Found =
  | { readonly kind: 'found'; readonly where: string; readonly data: JsonObject }
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable'; readonly where: string };

async function readProfiles(client: KubeClient, { namespace, name }: ObjectName): Promise<Found> {
  const standard = await readOne(client, { namespace, name: `${name}-profiles` });
  if (standard.kind !== 'none') return standard;
  const named = await configMapOfDeployment(client, { namespace, name });
  return named === undefined ? standard : readOne(client, { namespace, name: named });
}

async function readOne(client: KubeClient, { namespace, name }: ObjectName): Promise<Found> {
  const answer = await readOnce(client, `/api/v1/namespaces/${namespace}/configmaps/${name}`);
  const where = `ConfigMap ${namespace}/${name}`;
  if (answer.kind === 'ok') return { kind: 'found', where, data: objectIn(answer.body, 'data') };
  return isNotFound(answer) ? { kind: 'none' } : { kind: 'unreadable', where };
}

/** The ConfigMap of the chart value `profilesConfigMap`; undefined without it, or if the Deployment cannot be read. */
async function configMapOfDeployment(client: KubeClient, { namespace, name }: ObjectName): Promise<string | undefined> {
  const answer = await readOnce(client, `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`);
  if (answer.kind !== 'ok') return undefined;
  const pod = objectIn(objectIn(objectIn(answer.body, 'spec'), 'template'), 'spec');
  const volume = objectsIn(pod, 'volumes').find((one) => one['name'] === 'profiles');
  const configMap = textIn(objectIn(volume, 'configMap'), 'name');
  return configMap === '' ? undefined : configMap;
}
