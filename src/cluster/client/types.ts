import type { Json, JsonObject } from '../../lib/json.ts';
import type { Failure } from './errors.ts';
import type { ServerClock } from './server-clock.ts';

/** Media type of metadata-only responses: enough for a Namespace, without spec and status. */
export const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

export const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

export interface GetOptions {
  /** From the call to the last byte of the body, credentials included. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

export interface ListOptions extends GetOptions {
  /** Accepts gzip. `maxBytes` counts what it contains. */
  readonly compressed?: boolean;
  /** Receives each item in order, before the response has ended: the list may still turn out to be incomplete. Must not throw or reject. */
  readonly onItem: (item: JsonObject) => void | Promise<void>;
}

export interface SendOptions extends GetOptions {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body: Json;
  readonly contentType?: string;
}

export interface WatchOptions {
  /** Receives each line's JSON object, in order; never called again once the signal is aborted. */
  readonly onLine: (line: JsonObject) => void;
  /** Ends the watch. There is no timeout: only the caller knows how long a watch may be silent. */
  readonly signal: AbortSignal;
  readonly accept?: string;
  /** @default 8 MiB; a Kubernetes object is at most about 1.5 MiB. */
  readonly maxLineBytes?: number;
}

export type ApiResponse = { readonly kind: 'ok'; readonly body: JsonObject } | Failure;

/** `ended`: the server closed the stream in an orderly way, after a complete line. */
export type WatchEnd = { readonly kind: 'ended' } | Failure;

/** The API server, as plain JSON. No function ever rejects: failures are values. */
export interface KubeClient {
  readonly server: string;
  readonly serverClock?: Pick<ServerClock, 'now' | 'aheadMs'>;
  /** GET of a path with its query, `/api/v1/namespaces/shop`. Any status but 200 and 201 is a failure; redirects are not followed. */
  getJson(path: string, options: GetOptions): Promise<ApiResponse>;
  /** Like `getJson`, for a list: the body of the result has no items, and one item at a time is in memory. */
  getItems(path: string, options: ListOptions): Promise<ApiResponse>;
  sendJson(path: string, options: SendOptions): Promise<ApiResponse>;
  watchLines(path: string, options: WatchOptions): Promise<WatchEnd>;
}

export type TextResponse = { readonly kind: 'ok'; readonly text: string } | Failure;

export interface ExecOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly timeoutMs: number;
  /** Of the output; what is beyond is not read, and the command ends with its connection. */
  readonly maxBytes: number;
}

export type ExecResponse =
  | {
      readonly kind: 'ok';
      readonly output: string;
      /** 0 also for a command whose output was not read to its end. */
      readonly exitCode: number;
    }
  /** The runtime could not start the command: the image does not have it, for example. */
  | { readonly kind: 'not-started'; readonly message: string }
  | Failure;

/** A client that also reads what is in pods. */
export interface PodClient extends KubeClient {
  /** GET of a path that answers with text: a log. What is beyond `maxBytes` is not read. */
  getText(path: string, options: GetOptions): Promise<TextResponse>;
  exec(options: ExecOptions): Promise<ExecResponse>;
}
