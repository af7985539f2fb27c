import type { KubeClient } from '../../cluster/client/types.ts';
import { type Failure, isForbidden, isNotFound } from '../../cluster/client/errors.ts';
import { readAll, readOnce } from '../../cluster/one-shot.ts';
import { interruptionError } from '../../cluster/watch/backoff.ts';
import { uncreatedByEvent, uncreatedByReplicaSet, type UncreatedPods } from '../../diagnostics/uncreated-pods.ts';
import { decodePod, type Pod } from '../../kubernetes/pod.ts';
import { startCounter } from '../program/counter.ts';
import { apiPath, podKind, type WorkloadKind } from '../../kubernetes/workload.ts';
import { isObject, type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';

export interface NamespaceScope {
  readonly namespace: string;
  readonly allNamespaces?: boolean | undefined;
  /** Label selector of the objects that are read. */
  readonly selector?: string | undefined;
}

/** The part of a path that limits it to the scope. */
function within({ namespace, allNamespaces }: NamespaceScope): string {
  return allNamespaces ? '' : `/namespaces/${namespace}`;
}

/** Reads every object of a kind in the scope, a page at a time. Throws an Error if they cannot be listed. */
export async function readWorkloads(
  client: KubeClient,
  kind: WorkloadKind,
  { namespace, allNamespaces, selector }: NamespaceScope,
  onPage: (items: readonly JsonObject[]) => Promise<void>,
): Promise<void> {
  const pending: Promise<void>[] = [];
  const path = apiPath(kind, allNamespaces ? undefined : namespace);
  const failed = await readAll(client, path, (items) => pending.push(onPage(items)), { selector });
  await Promise.all(pending);
  // A cluster without this kind has no objects of it.
  if (!failed || (failed.kind === 'failed' && (await isUnknownKind(client, kind, failed.failure)))) return;
  throw interruptionError(`cannot list ${kind.plural}`, failed);
}

/** The API server refuses to list a kind before it looks whether it has one; what it has, everybody may ask. */
async function isUnknownKind(
  client: KubeClient,
  { group, version, plural }: WorkloadKind,
  failure: Failure,
): Promise<boolean> {
  if (isNotFound(failure)) return true;
  if (!isForbidden(failure) || group === '') return false;
  const answer = await readOnce(client, `/apis/${group}/${version}`);
  if (answer.kind !== 'ok') return isNotFound(answer);
  return !objectsIn(answer.body, 'resources').some(({ name }) => name === plural);
}

export interface NamespacedPod {
  readonly namespace: string;
  readonly pod: Pod;
}

/**
 * Reads every pod in the scope, a page at a time, and counts them on a terminal; one that is malformed is left out. Throws an Error if they cannot be
 * listed.
 */
export async function readPods(
  client: KubeClient,
  scope: NamespaceScope,
  onPage: (pods: readonly NamespacedPod[]) => Promise<void>,
): Promise<void> {
  const counter = startCounter('pods read');
  try {
    await readWorkloads(client, podKind, scope, (items) => {
      counter.add(items.length);
      return onPage(
        items.flatMap((item) => {
          const decoded = decodePod(item);
          const namespace = textIn(objectIn(item, 'metadata'), 'namespace');
          return decoded.ok ? [{ namespace, pod: decoded.value }] : [];
        }),
      );
    });
  } finally {
    counter.end();
  }
}

/** The names of PersistentVolumeClaims as `namespace/name`; undefined if they cannot be listed. */
export async function readClaims(client: KubeClient, scope: NamespaceScope): Promise<ReadonlySet<string> | undefined> {
  const found = new Set<string>();
  const failed = await readAll(client, `/api/v1${within(scope)}/persistentvolumeclaims`, (items) => {
    for (const { metadata } of items) {
      if (isObject(metadata)) found.add(`${textIn(metadata, 'namespace')}/${textIn(metadata, 'name')}`);
    }
  });
  return failed ? undefined : found;
}

const FAILED_EVENTS = 'events?fieldSelector=reason%3DFailedCreate&limit=500';

/** Workloads whose pods are refused. What cannot be read is left out: an audit needs no permission for it. */
export async function readUncreated(client: KubeClient, scope: NamespaceScope): Promise<readonly UncreatedPods[]> {
  const found: UncreatedPods[] = [];
  await readAll(
    client,
    `/apis/apps/v1${within(scope)}/replicasets`,
    (items) => {
      found.push(...items.flatMap((item) => uncreatedByReplicaSet(item) ?? []));
    },
    scope,
  );
  // An Event has no labels of the workload that it is about.
  if (scope.selector !== undefined) return found;
  const events = await readOnce(client, `/api/v1${within(scope)}/${FAILED_EVENTS}`);
  if (events.kind === 'ok')
    found.push(...objectsIn(events.body, 'items').flatMap((one) => uncreatedByEvent(one) ?? []));
  return found;
}
