import type { JsonObject } from '../lib/json.ts';
import { describeFailure, type Failure } from './client/errors.ts';
import type { KubeClient } from './client/types.ts';
import type { Interruption } from './watch/backoff.ts';
import { PagedList } from './watch/list.ts';

/** How long a command waits for one answer. */
const PATIENCE_MS = 15_000;

/** An object is at most about 1.5 MiB; a few in one answer are not much more. */
const MAX_BYTES = 16 * 1024 * 1024;

export type Read = { readonly kind: 'ok'; readonly body: JsonObject } | Failure;

/** One GET of a command: no cache, no second try. */
export function readOnce(cluster: KubeClient, path: string): Promise<Read> {
  return cluster.getJson(path, { timeoutMs: PATIENCE_MS, maxBytes: MAX_BYTES });
}

/** One POST of a command: something asked (a review of access), or made as a dry run. */
export function sendOnce(cluster: KubeClient, path: string, body: JsonObject): Promise<Read> {
  return cluster.sendJson(path, { method: 'POST', body, timeoutMs: PATIENCE_MS, maxBytes: MAX_BYTES });
}

/** Whether it is a matter of permissions. */
export function isForbidden(failure: Failure): boolean {
  return failure.kind === 'http' && (failure.status === 401 || failure.status === 403);
}

/** Whether there is no such thing. */
export function isAbsent(failure: Failure): boolean {
  return failure.kind === 'http' && failure.status === 404;
}

/** All objects of a collection, a page at a time: who needs little of each keeps little. Undefined when all were read. */
export async function readAll(
  cluster: KubeClient,
  path: string,
  onPage: (items: readonly JsonObject[]) => void,
  signal: AbortSignal = new AbortController().signal,
): Promise<Interruption | undefined> {
  const list = new PagedList({ cluster, path, metadataOnly: false, selector: {} });
  const read = await list.read({ timeoutMs: PATIENCE_MS, signal, onRequest: () => {}, onPage });
  return read.kind === 'listed' ? undefined : read;
}

/** What interrupted a list, as a sentence fragment. */
export function interruptionText(interruption: Interruption): string {
  if (interruption.kind === 'failed') return describeFailure(interruption.failure);
  return interruption.kind === 'protocol' ? interruption.message : 'the list was no longer to be had';
}
