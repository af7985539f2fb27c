import { isStopping, readBreakers } from '../../api/breaker.ts';
import { nodeFactsFrom } from '../../cluster/caches/nodes.ts';
import { claimsFrom, volumeLookup } from '../../cluster/caches/persistent-volume-claims.ts';
import { limitRangesFrom, quotasFrom } from '../../cluster/caches/quotas.ts';
import { NEW_CLAIM, volumesFrom } from '../../cluster/caches/volumes.ts';
import { isForNow } from '../../cluster/client/errors.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { objectNameIn } from '../../cluster/object-name.ts';
import { readAll, readConfigMap, readOnce } from '../../cluster/one-shot.ts';
import { assumedClusterState } from '../../config/catalogue.ts';
import type { DecisionOptions } from '../../config/decision-options.ts';
import { type CheckName, checksIn } from '../../config/checks.ts';
import { type ClusterState, unknownCluster } from '../../kubernetes/cluster-state.ts';
import { containersOf, type Pod } from '../../kubernetes/pod.ts';
import { parseVersion } from '../../kubernetes/version.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { readTargets } from './agent-resources.ts';
import { readClusterFacts } from './image-facts.ts';

/**
 * Reads what the server, with its options, knows about the cluster for decisions on these pods: its version, the keys of the ConfigMaps in their
 * `envFrom`, the claims, quotas and LimitRanges of their namespaces, volumes, StorageClasses and nodes. What cannot be read is unknown.
 */
export async function readClusterState(
  client: KubeClient,
  pods: readonly { readonly namespace: string; readonly pod: Pod }[],
  options: DecisionOptions,
): Promise<ClusterState> {
  const assumed = assumedClusterState(options);
  const read = options.configMapKeys ? pods : [];
  const wanted = new Set(read.flatMap(({ namespace, pod }) => configMapsOf(pod).map((name) => `${namespace}/${name}`)));
  const namespaces = new Set(pods.map(({ namespace }) => namespace));
  const [kubernetes, openShift, breakers, imageFacts, targets, ...keys] = await Promise.all([
    assumed.kubernetes ?? versionOf(client),
    isOpenShift(client),
    stoppingBreakers(client, options.breaker),
    readClusterFacts(client, options),
    readTargets(client, namespaces),
    ...[...wanted].map(async (id) => [id, await keysOf(client, id)] as const),
  ]);
  const known = new Map(keys);
  const resources = await readResources(client, namespaces, options);
  return {
    ...assumed,
    kubernetes,
    ...(openShift && { openShift }),
    ...(breakers && { breakers }),
    ...targets,
    ...(imageFacts && { imageFacts }),
    configMapKeys: (namespace, name) => known.get(`${namespace}/${name}`),
    ...resources,
  };
}

/** The circuit breakers that the server watches, where they may be read. */
async function stoppingBreakers(client: KubeClient, at: string | undefined): Promise<ClusterState['breakers']> {
  const data = at === undefined ? undefined : await readConfigMap(client, objectNameIn(at));
  if (!data) return undefined;
  const all = [...readBreakers(data).values()].filter(isStopping);
  return (of) => all.filter((one) => one.workload === '' || one.namespace === of);
}

/** Reads what each server knows, as `readClusterState` does, where several releases serve the namespaces. Returns it by the name of the namespace. */
export async function readClusterStates(
  client: KubeClient,
  pods: readonly { readonly namespace: string; readonly pod: Pod }[],
  optionsOf: (namespace: string) => DecisionOptions,
): Promise<(namespace: string) => ClusterState> {
  const groups = new Map<DecisionOptions, (typeof pods)[number][]>();
  for (const one of pods) {
    const options = optionsOf(one.namespace);
    groups.set(options, [...(groups.get(options) ?? []), one]);
  }
  const states = new Map(
    await Promise.all(
      [...groups].map(async ([options, group]) => [options, await readClusterState(client, group, options)] as const),
    ),
  );
  return (namespace) => states.get(optionsOf(namespace)) ?? unknownCluster;
}

type Resources = Required<Pick<ClusterState, 'claim' | 'newVolume' | 'quotas' | 'limitRanges'>> &
  Pick<ClusterState, 'nodes'>;

type Lists = (check: CheckName, path: string) => Promise<readonly JsonObject[] | undefined>;

async function readResources(
  client: KubeClient,
  namespaces: ReadonlySet<string>,
  options: DecisionOptions,
): Promise<Resources> {
  const checks = checksIn(options);
  const list: Lists = (check, path) => (checks.has(check) ? listOf(client, path) : Promise.resolve(undefined));
  const once: Lists = (check, path) => (checks.has(check) ? listOnce(client, path) : Promise.resolve(undefined));
  const [attachments = [], volumes, classes, nodes] = await Promise.all([
    once('claims', '/apis/storage.k8s.io/v1/volumeattachments'),
    once('volumes', '/api/v1/persistentvolumes'),
    once('volumes', '/apis/storage.k8s.io/v1/storageclasses'),
    once('nodes', NODES),
  ]);
  const of = volumesFrom(volumes, classes);
  const lookup = volumeLookup(of, client);
  const facts = nodes && nodeFactsFrom(nodes);
  const read = await Promise.all(
    [...namespaces].map(async (namespace) => {
      const { claims, quotas, ranges } = await readNamespaced(list, namespace);
      const known = {
        claim: claims && claimsFrom(claims, attachments, lookup),
        quotas: quotas && quotasFrom(quotas),
        limitRanges: ranges && limitRangesFrom(ranges),
      };
      return [namespace, known] as const;
    }),
  );
  const known = new Map(read);
  return {
    claim: (namespace, name) => known.get(namespace)?.claim?.(name),
    newVolume: (storageClass) => of({ ...NEW_CLAIM, storageClass }),
    quotas: (namespace) => known.get(namespace)?.quotas,
    limitRanges: (namespace) => known.get(namespace)?.limitRanges,
    ...(nodes && { nodes: () => facts }),
  };
}

async function readNamespaced(
  list: Lists,
  namespace: string,
): Promise<{ readonly [kind in 'claims' | 'quotas' | 'ranges']: readonly JsonObject[] | undefined }> {
  const at = `/api/v1/namespaces/${namespace}`;
  const [claims, quotas, ranges] = await Promise.all([
    list('claims', `${at}/persistentvolumeclaims`),
    list('quotas', `${at}/resourcequotas`),
    list('quotas', `${at}/limitranges`),
  ]);
  return { claims, quotas, ranges };
}

const NODES = '/api/v1/nodes';

// A command reads the cluster once, and the pods of a namespace page by page.
const listed = new WeakMap<KubeClient, Map<string, Promise<readonly JsonObject[] | undefined>>>();

function listOnce(client: KubeClient, path: string): Promise<readonly JsonObject[] | undefined> {
  const lists = listed.get(client) ?? new Map<string, Promise<readonly JsonObject[] | undefined>>();
  listed.set(client, lists);
  const list = lists.get(path) ?? listOf(client, path, () => lists.delete(path));
  lists.set(path, list);
  return list;
}

/**
 * A cluster of which it is noticed whether a decision asks for its nodes, and what to say if they could not be read: the server may know them, and
 * decide otherwise.
 */
export function noticingNodes(
  cluster: ClusterState,
  options: DecisionOptions,
): { readonly cluster: ClusterState; readonly problem: () => string | undefined } {
  if (cluster.nodes || !checksIn(options).has('nodes')) return { cluster, problem: () => undefined };
  let isAsked = false;
  const nodes = (): undefined => {
    isAsked = true;
  };
  return { cluster: { ...cluster, nodes }, problem: () => (isAsked ? NODES_UNKNOWN : undefined) };
}

const NODES_UNKNOWN =
  'the nodes cannot be listed, which needs a permission: the server may know them, and choose another delivery';

/** The nodes of the cluster; undefined if they cannot be read. */
export function readNodes(client: KubeClient): Promise<readonly JsonObject[] | undefined> {
  return listOnce(client, NODES);
}

/** `onFailedForNow`: it may be listed later. */
async function listOf(
  client: KubeClient,
  path: string,
  onFailedForNow: () => void = () => {},
): Promise<readonly JsonObject[] | undefined> {
  const items: JsonObject[] = [];
  const failed = await readAll(client, path, (page) => items.push(...page.map(withoutImages)));
  if (failed && (failed.kind !== 'failed' || isForNow(failed.failure))) onFailedForNow();
  return failed ? undefined : items;
}

/** A node lists its images, which take most of its room. */
function withoutImages(object: JsonObject): JsonObject {
  const { status } = object;
  return isObject(status) && 'images' in status ? { ...object, status: { ...status, images: [] } } : object;
}

/** By the API group of its SecurityContextConstraints. */
async function isOpenShift(client: KubeClient): Promise<boolean> {
  const answer = await readOnce(client, '/apis/security.openshift.io');
  return answer.kind === 'ok';
}

async function versionOf(client: KubeClient): Promise<ClusterState['kubernetes']> {
  const answer = await readOnce(client, '/version');
  const text = answer.kind === 'ok' ? answer.body['gitVersion'] : undefined;
  return typeof text === 'string' ? parseVersion(text) : undefined;
}

function configMapsOf(pod: Pod): readonly string[] {
  return containersOf(pod).flatMap(({ envFrom }) =>
    (Array.isArray(envFrom) ? envFrom : []).flatMap((source: Json) => {
      const reference = isObject(source) ? source['configMapRef'] : undefined;
      return isObject(reference) && typeof reference['name'] === 'string' ? [reference['name']] : [];
    }),
  );
}

async function keysOf(client: KubeClient, id: string): Promise<ReadonlySet<string> | undefined> {
  const [namespace = '', name = ''] = id.split('/');
  const data = await readConfigMap(client, { namespace, name });
  return data && new Set(Object.keys(data));
}
