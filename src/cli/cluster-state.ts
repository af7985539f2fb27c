import { claimsFrom } from '../cluster/caches/persistent-volume-claims.ts';
import { limitRangesFrom, quotasFrom } from '../cluster/caches/quotas.ts';
import type { KubeClient as Api } from '../cluster/client/types.ts';
import { readOnce } from '../cluster/one-shot.ts';
import type { ClusterState } from '../kubernetes/cluster-state.ts';
import { containersOf, type Pod } from '../kubernetes/pod.ts';
import { parseVersion } from '../kubernetes/version.ts';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';

/** The names of a ConfigMap's keys by `namespace/name`; undefined for one that may not be read. Filled as pods ask for it. */
export type KnownKeys = Map<string, ReadonlySet<string> | undefined>;

/**
 * What a decision may know of this cluster, read now, for these pods: its version, the keys of the ConfigMaps that they take variables from, and
 * the claims, quotas and LimitRanges of their namespaces. What may not be read is not known.
 */
export async function readClusterState(
  api: Api,
  pods: readonly { readonly namespace: string; readonly pod: Pod }[],
): Promise<ClusterState> {
  const wanted = new Set(pods.flatMap(({ namespace, pod }) => configMapsOf(pod).map((name) => `${namespace}/${name}`)));
  const [kubernetes, ...keys] = await Promise.all([
    versionOf(api),
    ...[...wanted].map(async (id) => [id, await keysOf(api, id)] as const),
  ]);
  const known: KnownKeys = new Map(keys);
  const checks = await checksOf(api, new Set(pods.map(({ namespace }) => namespace)));
  return { kubernetes, configMapKeys: (namespace, name) => known.get(`${namespace}/${name}`), ...checks };
}

type Checks = Required<Pick<ClusterState, 'claim' | 'quotas' | 'limitRanges'>>;

async function checksOf(api: Api, namespaces: ReadonlySet<string>): Promise<Checks> {
  const attachments = (await listOf(api, '/apis/storage.k8s.io/v1/volumeattachments')) ?? [];
  const read = await Promise.all(
    [...namespaces].map(async (namespace) => {
      const at = `/api/v1/namespaces/${namespace}`;
      const [claims, quotas, ranges] = await Promise.all(
        ['persistentvolumeclaims', 'resourcequotas', 'limitranges'].map((kind) => listOf(api, `${at}/${kind}`)),
      );
      const known = {
        claim: claims && claimsFrom(claims, attachments),
        quotas: quotas && quotasFrom(quotas),
        limitRanges: ranges && limitRangesFrom(ranges),
      };
      return [namespace, known] as const;
    }),
  );
  const known = new Map(read);
  return {
    claim: (namespace, name) => known.get(namespace)?.claim?.(name),
    quotas: (namespace) => known.get(namespace)?.quotas,
    limitRanges: (namespace) => known.get(namespace)?.limitRanges,
  };
}

async function listOf(api: Api, path: string): Promise<readonly Json[] | undefined> {
  const answer = await readOnce(api, path);
  const items = answer.kind === 'ok' ? answer.body['items'] : undefined;
  return Array.isArray(items) ? items : undefined;
}

async function versionOf(api: Api): Promise<ClusterState['kubernetes']> {
  const answer = await readOnce(api, '/version');
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

async function keysOf(api: Api, id: string): Promise<ReadonlySet<string> | undefined> {
  const [namespace = '', name = ''] = id.split('/');
  const answer = await readOnce(api, `/api/v1/namespaces/${namespace}/configmaps/${name}`);
  if (answer.kind !== 'ok') return undefined;
  const data: JsonObject = isObject(answer.body['data']) ? answer.body['data'] : {};
  return new Set(Object.keys(data));
}
