import { type JsonObject, objectIn } from '../lib/json.ts';
import type { ApiResponse, KubeClient } from './client/types.ts';
import type { Interruption } from './watch/backoff.ts';
import { PagedList } from './watch/list.ts';

const TIMEOUT_MS = 15_000;

/** An object is at most about 1.5 MiB; a response has few of them. */
const MAX_BYTES = 16 * 1024 * 1024;

export function readOnce(client: KubeClient, path: string): Promise<ApiResponse> {
  return client.getJson(path, { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
}

/** The data of a ConfigMap; undefined if it cannot be read. */
export async function readConfigMap(
  client: KubeClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<JsonObject | undefined> {
  const answer = await readOnce(client, `/api/v1/namespaces/${namespace}/configmaps/${name}`);
  return answer.kind === 'ok' ? objectIn(answer.body, 'data') : undefined;
}

export function sendOnce(client: KubeClient, path: string, body: JsonObject): Promise<ApiResponse> {
  return client.sendJson(path, { method: 'POST', body, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
}

export interface ReadOptions {
  /** Label selector. */
  readonly selector?: string | undefined;
  readonly signal?: AbortSignal;
}

/** Reads all objects of a collection, with one page in memory at a time. Returns what interrupted it, or undefined. */
export async function readAll(
  client: KubeClient,
  path: string,
  onPage: (items: readonly JsonObject[]) => void,
  { selector, signal = new AbortController().signal }: ReadOptions = {},
): Promise<Interruption | undefined> {
  const query = selector === undefined ? {} : { labelSelector: selector };
  const list = new PagedList({ client, path, metadataOnly: false, selector: query });
  let items: JsonObject[] = [];
  const end = await list.read({
    timeoutMs: TIMEOUT_MS,
    signal,
    onRequest: () => {},
    onItem: (item) => {
      items.push(item);
    },
    onPage: () => {
      onPage(items);
      items = [];
    },
  });
  return end.kind === 'listed' ? undefined : end;
}
