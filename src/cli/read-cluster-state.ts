import { claimsFrom } from '../cluster/caches/persistent-volume-claims.ts';
import { limitRangesFrom, quotasFrom } from '../cluster/caches/quotas.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { readOnce } from '../cluster/one-shot.ts';
import { assumedClusterState } from '../config/catalogue.ts';
import type { DecisionOptions } from '../config/decision-options.ts';
import { checksIn } from '../config/checks.ts';
import { type ClusterState, unknownCluster } from '../kubernetes/cluster-state.ts';
import { containersOf, type Pod } from '../kubernetes/pod.ts';
import { parseVersion } from '../kubernetes/version.ts';
import { isObject, type Json, objectIn } from '../lib/json.ts';

/**
 * Reads what the server, with its options, knows about the cluster for decisions on these pods: its version, the keys of the ConfigMaps in their
 * `envFrom`, and the claims, quotas and LimitRanges of their namespaces. What cannot be read is unknown.
 */
export async function readClusterState(
  client: KubeClient,
  pods: readonly { readonly namespace: string; readonly pod: Pod }[],
  options: DecisionOptions,
): Promise<ClusterState> {
  const assumed = assumedClusterState(options);
  const read = options.configMapKeys ? pods : [];
  const wanted = new Set(read.flatMap(({ namespace, pod }) => configMapsOf(pod).map((name) => `${namespace}/${name}`)));
  const [kubernetes, ...keys] = await Promise.all([
    assumed.kubernetes ?? versionOf(client),
    ...[...wanted].map(async (id) => [id, await keysOf(client, id)] as const),
  ]);
  const known = new Map(keys);
  const resources = await readResources(client, new Set(pods.map(({ namespace }) => namespace)), options);
  return {
    ...assumed,
    kubernetes,
    configMapKeys: (namespace, name) => known.get(`${namespace}/${name}`),
    ...resources,
  };
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

async function readResources(
  client: KubeClient,
  namespaces: ReadonlySet<string>,
  options: DecisionOptions,
): Promise<Required<Pick<ClusterState, 'claim' | 'quotas' | 'limitRanges'>>> {
  const checks = checksIn(options);
  const list = (check: 'claims' | 'quotas', path: string): Promise<readonly Json[] | undefined> =>
    checks.has(check) ? listOf(client, path) : Promise.resolve(undefined);
  const attachments = (await list('claims', '/apis/storage.k8s.io/v1/volumeattachments')) ?? [];
  const read = await Promise.all(
    [...namespaces].map(async (namespace) => {
      const at = `/api/v1/namespaces/${namespace}`;
      const [claims, quotas, ranges] = await Promise.all([
        list('claims', `${at}/persistentvolumeclaims`),
        list('quotas', `${at}/resourcequotas`),
        list('quotas', `${at}/limitranges`),
      ]);
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

async function listOf(client: KubeClient, path: string): Promise<readonly Json[] | undefined> {
  const answer = await readOnce(client, path);
  const items = answer.kind === 'ok' ? answer.body['items'] : undefined;
  return Array.isArray(items) ? items : undefined;
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
  const answer = await readOnce(client, `/api/v1/namespaces/${namespace}/configmaps/${name}`);
  if (answer.kind !== 'ok') return undefined;
  return new Set(Object.keys(objectIn(answer.body, 'data')));
}
