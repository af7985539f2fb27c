import { API_GROUP_PATH, RESOURCES } from '../../api/target/kinds.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { readAll, readOnce } from '../../cluster/one-shot.ts';
import { isForbidden } from '../../cluster/client/errors.ts';
import { describeInterruption, isAbsent } from '../../cluster/watch/backoff.ts';
import type { ClusterState } from '../../kubernetes/cluster-state.ts';
import { type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import { type BaseProfiles, ResourceProfiles } from '../../profile-sources/resource-profiles.ts';
import { type Catalogue, withUnread } from '../../profiles/catalogue.ts';
import { profileResource } from '../../api/profile-resource.ts';
import { TargetSet } from '../../settings/targets/target-set.ts';

type Listed =
  | { readonly kind: 'ok'; readonly items: readonly JsonObject[] }
  /** `why`: undefined if you may not read them. */
  | { readonly kind: 'unread'; readonly why: string | undefined };

interface Read {
  /** The plural names of the CRDs of our group that are installed. Everyone may ask for them, and only some may list their objects. */
  readonly installed: Promise<ReadonlySet<string>>;
  /** By path. */
  readonly lists: Map<string, Promise<Listed>>;
  /** By the objects in it: pods come page by page. */
  readonly sets: Map<string, Promise<TargetSet>>;
  /** Resources that you may not list. */
  readonly forbidden: Set<string>;
  /** What is not known for another reason. */
  readonly unread: Set<string>;
}

// A command reads the cluster once, and pods page by page.
const known = new WeakMap<KubeClient, Read>();

function readBy(client: KubeClient): Read {
  const read = known.get(client) ?? {
    installed: installedIn(client),
    lists: new Map<string, Promise<Listed>>(),
    sets: new Map<string, Promise<TargetSet>>(),
    forbidden: new Set<string>(),
    unread: new Set<string>(),
  };
  known.set(client, read);
  return read;
}

async function installedIn(client: KubeClient): Promise<ReadonlySet<string>> {
  const answer = await readOnce(client, API_GROUP_PATH);
  return new Set(answer.kind === 'ok' ? objectsIn(answer.body, 'resources').map((one) => textIn(one, 'name')) : []);
}

/** Lists a resource of our group once: none of them without its CRD. */
function list(client: KubeClient, path: string): Promise<Listed> {
  const { lists } = readBy(client);
  const before = lists.get(path) ?? listNow(client, path);
  lists.set(path, before);
  return before;
}

async function listNow(client: KubeClient, path: string): Promise<Listed> {
  const items: JsonObject[] = [];
  const installed = await readBy(client).installed;
  if (!installed.has(path.split('/').at(-1) ?? '')) return { kind: 'ok', items };
  const failed = await readAll(client, `${API_GROUP_PATH}${path}`, (page) => items.push(...page));
  if (!failed || isAbsent(failed)) return { kind: 'ok', items };
  const isRefused = failed.kind === 'failed' && isForbidden(failed.failure);
  return { kind: 'unread', why: isRefused ? undefined : describeInterruption(failed) };
}

function noteUnread(client: KubeClient, resources: string, { why }: Extract<Listed, { kind: 'unread' }>): void {
  const { forbidden, unread } = readBy(client);
  if (why === undefined) forbidden.add(resources);
  else unread.add(`the ${resources} cannot be read: ${why}: ${NOT_KNOWN}`);
}

const NOT_KNOWN = 'what the server would decide is not known';

/** Adds the AgentProfiles of the cluster to a catalogue, as a server does; `unreadResources` says if they cannot be read. Never throws. */
export async function withProfileResources(
  client: KubeClient,
  base: BaseProfiles,
): Promise<{ readonly catalogue: Catalogue; readonly problems: readonly string[] }> {
  const listed = await list(client, `/${RESOURCES.profiles}`);
  if (listed.kind === 'unread') {
    noteUnread(client, 'AgentProfiles', listed);
    return { catalogue: withUnread(base.catalogue, 'profiles'), problems: [] };
  }
  if (listed.items.length === 0) return { catalogue: base.catalogue, problems: [] };
  const silent = { info: () => {}, warn: () => {}, error: () => {} };
  const resources = listed.items.map(profileResource);
  const profiles = new ResourceProfiles({ base: () => base, resources: () => resources, log: silent });
  await profiles.refresh();
  return { catalogue: profiles.catalogue(), problems: profiles.problems() };
}

/** The targets that may select pods of these namespaces, as far as they may be read: `unreadResources` has the rest. */
export async function readTargets(
  client: KubeClient,
  namespaces: Iterable<string>,
): Promise<Required<Pick<ClusterState, 'targets' | 'hasUnreadTargets'>>> {
  const ofCluster = await list(client, `/${RESOURCES.clusterTargets}`);
  const everywhere = await list(client, `/${RESOURCES.targets}`);
  // Who may not list those of all namespaces may be allowed to list those of one.
  const own =
    everywhere.kind === 'ok'
      ? [everywhere]
      : await Promise.all([...namespaces].map((one) => list(client, `/namespaces/${one}/${RESOURCES.targets}`)));
  const { unread, sets } = readBy(client);
  if (ofCluster.kind === 'unread') noteUnread(client, 'ClusterAgentTargets', ofCluster);
  for (const one of own) if (one.kind === 'unread') noteUnread(client, 'AgentTargets', one);
  const hasUnreadTargets = [ofCluster, ...own].some(({ kind }) => kind === 'unread');
  const objects = [ofCluster, ...own].flatMap((one) => (one.kind === 'ok' ? one.items : []));
  if (objects.length === 0) return { targets: () => undefined, hasUnreadTargets };
  const key = everywhere.kind === 'ok' ? '' : [...namespaces].join(' ');
  const making = sets.get(key) ?? targetSet(objects, unread);
  sets.set(key, making);
  const set = await making;
  return { targets: (namespace) => set.of(namespace), hasUnreadTargets };
}

async function targetSet(objects: readonly JsonObject[], unread: Set<string>): Promise<TargetSet> {
  // Loaded on demand: most clusters have no targets.
  const { readTarget } = await import('../../settings/targets/read-target.ts');
  const targets = objects.flatMap((object) => {
    const read = readTarget(object);
    if (read.ok) return [read.value];
    unread.add(`${nameOf(object)} is not valid, and the server may follow an earlier generation of it`);
    return [];
  });
  return new TargetSet(targets);
}

function nameOf(object: JsonObject): string {
  const metadata = objectIn(object, 'metadata');
  const place = textIn(metadata, 'namespace');
  return `${textIn(object, 'kind')} ${place === '' ? '' : `${place}/`}${textIn(metadata, 'name')}`;
}

/** What is not known of the profiles and targets that were asked for, although decisions depend on it, and which binding helps. */
export function unreadResources(client: KubeClient): readonly string[] {
  const { forbidden, unread } = readBy(client);
  const names = [...forbidden].toSorted();
  return names.length === 0 ? [...unread] : [`you may not read ${names.join(', ')}: ${NOT_KNOWN}. ${VIEW}`, ...unread];
}

const VIEW =
  'A cluster administrator can change that: kubectl create clusterrolebinding agent-injector-view --clusterrole=agent-injector-view ' +
  '--group=system:authenticated';
