import { parseVersion, type Cluster } from '../core/cluster.ts';
import { isObject, type Json, type JsonObject } from '../core/json.ts';
import { containersOf, type Pod } from '../core/pod.ts';
import type { Cluster as Api } from '../kube/api.ts';
import { readOnce } from '../kube/one-off.ts';

/** The names of a ConfigMap's keys by `namespace/name`; undefined for one that may not be read. Filled as pods ask for it. */
export type KnownKeys = Map<string, ReadonlySet<string> | undefined>;

/** What a decision may know of this cluster, read now: its version, and the keys of the ConfigMaps that these pods take variables from. */
export async function liveFacts(
  api: Api,
  pods: readonly { readonly namespace: string; readonly pod: Pod }[],
): Promise<Cluster> {
  const wanted = new Set(pods.flatMap(({ namespace, pod }) => configMapsOf(pod).map((name) => `${namespace}/${name}`)));
  const [kubernetes, ...keys] = await Promise.all([
    versionOf(api),
    ...[...wanted].map(async (id) => [id, await keysOf(api, id)] as const),
  ]);
  const known: KnownKeys = new Map(keys);
  return { kubernetes, configMapKeys: (namespace, name) => known.get(`${namespace}/${name}`) };
}

async function versionOf(api: Api): Promise<Cluster['kubernetes']> {
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
