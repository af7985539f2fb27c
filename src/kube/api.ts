import type { IncomingMessage } from 'node:http';
import type { Json, JsonObject } from '../core/json.ts';
import { systemClock, type Clock } from './clock.ts';
import { loadCredentials } from './credentials.ts';
import { exchange, Limit } from './exchange.ts';
import type { Failure } from './failure.ts';
import { readLines, readObject } from './response.ts';
import { ServerTime } from './server-time.ts';

/** The media type of an answer that holds metadata only: a Namespace needs no more, and it spares us spec and status. */
export const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
export const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

export interface GetOptions {
  /** From the call to the last byte of the body, credentials included. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

export interface SendOptions extends GetOptions {
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly body: Json;
  /** Of the body: a PATCH says by it of which kind it is. @default application/json */
  readonly contentType?: string;
}

export interface WatchOptions {
  /** Is called with each line's JSON object, in order; never again once the signal is aborted. */
  readonly onLine: (line: JsonObject) => void;
  /** Ends the watch. There is no timeout: only the caller knows how long a watch may be silent. */
  readonly signal: AbortSignal;
  readonly accept?: string;
  /** @default 8 MiB; a Kubernetes object is at most about 1.5 MiB. */
  readonly maxLineBytes?: number;
}

export type Answer = { readonly kind: 'ok'; readonly body: JsonObject } | Failure;
/** `ended`: the server closed the stream in an orderly way, after a whole line. */
export type WatchEnd = { readonly kind: 'ended' } | Failure;

/** The API server, as plain JSON. No function ever rejects: failures are values. */
export interface Cluster {
  readonly server: string;
  /** The time by its clock. */
  readonly time?: Pick<ServerTime, 'now' | 'aheadMs'>;
  /** GET of a path with its query, `/api/v1/namespaces/shop`. Any status but 200 (and 201) is a failure; redirects are not followed. */
  getJson(path: string, options: GetOptions): Promise<Answer>;
  /** Writes an object, and gives it back as it is now. */
  sendJson(path: string, options: SendOptions): Promise<Answer>;
  /** GET of a stream of JSON objects, one a line. */
  watchLines(path: string, options: WatchOptions): Promise<WatchEnd>;
}

export interface LoadOptions {
  /** A kubeconfig file, what `--kubeconfig` or KUBECONFIG names; its current context is taken. */
  readonly kubeconfig?: string;
  /** Stands before the service account's path. @default '' */
  readonly root?: string;
  readonly clock?: Clock;
}

/**
 * The cluster to talk to: the kubeconfig's, else the one this pod runs in (KUBERNETES_SERVICE_HOST and the service account's
 * token file, which is read again every minute, as in client-go), else undefined. `~/.kube/config` is deliberately never
 * consulted: a server started on a laptop must not read whatever cluster kubectl was last pointed at.
 * Throws an Error with a sentence when the kubeconfig cannot be used.
 */
export async function loadCluster(options: LoadOptions = {}): Promise<Cluster | undefined> {
  const clock = options.clock ?? systemClock;
  const credentials = await loadCredentials(options.kubeconfig, options.root ?? '', clock);
  if (credentials === undefined) return undefined;
  const time = new ServerTime(clock);
  const peer = { credentials, time };
  return {
    server: credentials.server,
    time,
    getJson: async (path, get) => {
      const limit = new Limit(clock, get.signal, get.timeoutMs);
      const read = (response: IncomingMessage): Promise<Answer> => readObject(response, get.maxBytes);
      return exchange({ ...peer, path, accept: get.accept, limit }, read);
    },
    sendJson: async (path, sent) => {
      const limit = new Limit(clock, sent.signal, sent.timeoutMs);
      const { method, body, contentType = 'application/json' } = sent;
      const payload = { method, contentType, text: JSON.stringify(body) };
      const read = (response: IncomingMessage): Promise<Answer> => readObject(response, sent.maxBytes);
      return exchange({ ...peer, path, accept: sent.accept, limit, payload }, read);
    },
    watchLines: async (path, watch) => {
      const limit = new Limit(clock, watch.signal);
      const read = (response: IncomingMessage): Promise<WatchEnd> => readLines(response, watch);
      return exchange({ ...peer, path, accept: watch.accept, limit }, read);
    },
  };
}
