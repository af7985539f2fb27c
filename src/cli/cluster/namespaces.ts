import { toNamespace } from '../../cluster/caches/namespace-object.ts';
import { describeFailure, failureError, isNotFound } from '../../cluster/client/errors.ts';
import type { ApiResponse, KubeClient } from '../../cluster/client/types.ts';
import { readAll, readOnce } from '../../cluster/one-shot.ts';
import { interruptionError } from '../../cluster/watch/backoff.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import type { JsonObject } from '../../lib/json.ts';
import { didYouMean, nearest } from '../../lib/suggest.ts';
import type { NamespaceScope } from './reader.ts';

export interface KnownNamespaces {
  /** By name. */
  readonly namespaces: ReadonlyMap<string, Namespace>;
  /** What could not be read, and what follows from that. */
  readonly notes: readonly string[];
}

/** All namespaces of the cluster, by name. Throws an Error if they cannot be listed. */
export async function readNamespaceList(client: KubeClient): Promise<ReadonlyMap<string, Namespace>> {
  const all = new Map<string, Namespace>();
  const failed = await readAll(client, '/api/v1/namespaces', (items) => {
    for (const item of items) {
      const namespace = toNamespace(item);
      if (namespace) all.set(namespace.name, namespace);
    }
  });
  if (failed) throw interruptionError('cannot list namespaces', failed);
  return all;
}

/**
 * The namespaces of a scope. One namespace needs only `get` of it; where even that is forbidden, none is known, and a note says so. Throws an Error for a
 * namespace that does not exist, and if all are asked for and cannot be listed.
 */
export async function readNamespaces(client: KubeClient, scope: NamespaceScope): Promise<KnownNamespaces> {
  if (scope.allNamespaces) return { namespaces: await readNamespaceList(client), notes: [] };
  const answer = await readNamespaceObject(client, scope.namespace);
  const namespace = answer.kind === 'ok' ? toNamespace(answer.body) : undefined;
  if (namespace) return { namespaces: new Map([[namespace.name, namespace]]), notes: [] };
  const why = answer.kind === 'ok' ? 'it has no name' : describeFailure(answer);
  return {
    namespaces: new Map(),
    notes: [
      `namespace ${scope.namespace} could not be read, so nothing is known about pods that should carry an agent: ${why}`,
    ],
  };
}

/** The object of a namespace. Throws an Error if it does not exist; any other failure is the answer. */
export async function readNamespaceObject(client: KubeClient, name: string): Promise<ApiResponse> {
  const answer = await readOnce(client, `/api/v1/namespaces/${encodeURIComponent(name)}`);
  if (answer.kind === 'ok' || !isNotFound(answer)) return answer;
  throw new Error(`namespace "${name}" not found${didYouMean(nearest(name, await namesOf(client)))}`);
}

/** Like `readNamespaceObject`; throws an Error for every failure. */
export async function requireNamespace(client: KubeClient, name: string): Promise<JsonObject> {
  const answer = await readNamespaceObject(client, name);
  if (answer.kind === 'ok') return answer.body;
  throw failureError(`namespace ${name}`, answer);
}

async function namesOf(client: KubeClient): Promise<readonly string[]> {
  const all = await readNamespaceList(client).catch(() => new Map<string, Namespace>());
  return [...all.keys()];
}
