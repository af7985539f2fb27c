import { toNamespace } from '../cluster/caches/namespace-object.ts';
import type { KubeClient as Api } from '../cluster/client/types.ts';
import { isNotFound, readAll } from '../cluster/one-shot.ts';
import { describeInterruption } from '../cluster/watch/backoff.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { apiPath, type WorkloadKind, workloadKindOf } from '../kubernetes/workload.ts';
import { isObject, type JsonObject, textIn } from '../lib/json.ts';

/** Which namespaces a command is about: one, or all. */
export interface Scope {
  readonly namespace: string;
  readonly allNamespaces: boolean;
}

/** The namespace of a scope for a path; undefined for all of them. */
export function namespaceOf({ namespace, allNamespaces }: Scope): string | undefined {
  return allNamespaces ? undefined : namespace;
}

/** All namespaces of the cluster, by name. Throws an Error when they cannot be listed. */
export async function readNamespaceList(api: Api): Promise<ReadonlyMap<string, Namespace>> {
  const all = new Map<string, Namespace>();
  const failed = await readAll(api, '/api/v1/namespaces', (items) => {
    for (const item of items) {
      const namespace = toNamespace(item);
      if (namespace) all.set(namespace.name, namespace);
    }
  });
  if (failed) throw new Error(`the namespaces could not be listed: ${describeInterruption(failed)}`);
  return all;
}

/** Every object of a kind in the scope, a page at a time; a sentence where it could not be listed. */
export async function readWorkloads(
  api: Api,
  kind: WorkloadKind,
  scope: Scope,
  onPage: (items: readonly JsonObject[]) => Promise<void>,
): Promise<string | undefined> {
  const pending: Promise<void>[] = [];
  const failed = await readAll(api, apiPath(kind, namespaceOf(scope)), (items) => pending.push(onPage(items)));
  await Promise.all(pending);
  // A kind that this cluster does not have has no objects.
  if (!failed || (failed.kind === 'failed' && isNotFound(failed.failure))) return undefined;
  return `the ${kind.plural} could not be listed: ${describeInterruption(failed)}`;
}

/** The names of all claims, as `namespace/name`; undefined where they may not be listed. */
export async function readClaims(api: Api, scope: Scope): Promise<ReadonlySet<string> | undefined> {
  const found = new Set<string>();
  const within = scope.allNamespaces ? '' : `/namespaces/${scope.namespace}`;
  const failed = await readAll(api, `/api/v1${within}/persistentvolumeclaims`, (items) => {
    for (const { metadata } of items) {
      if (isObject(metadata)) found.add(`${textIn(metadata, 'namespace')}/${textIn(metadata, 'name')}`);
    }
  });
  return failed ? undefined : found;
}

/** The row of pods. */
export function podKind(): WorkloadKind {
  const kind = workloadKindOf('v1', 'Pod');
  if (!kind) throw new Error('pods have no row in the table of workloads');
  return kind;
}
