import { request as plainRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as tlsRequest, type RequestOptions } from 'node:https';
import { isObject, type Json, type JsonObject } from '../core/json.ts';
import { systemClock, type Clock } from './clock.ts';
import { loadCredentials, type Credentials } from './credentials.ts';
import { errorText, networkFailure, type Failure } from './failure.ts';
import { LineSplitter } from './lines.ts';

/** The media type of an answer that holds metadata only: a Namespace needs no more, and it spares us spec and status. */
export const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
export const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

const MAX_LINE_BYTES = 8 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
const SAMPLE_LENGTH = 80;
/** No API server may silence us for longer, whatever its Retry-After says. */
const MAX_RETRY_AFTER_MS = 30_000;

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
  return {
    server: credentials.server,
    getJson: async (path, get) => {
      const limit = new Limit(clock, get.signal, get.timeoutMs);
      const read = (response: IncomingMessage): Promise<Answer> => readObject(response, get.maxBytes);
      return exchange({ credentials, path, accept: get.accept, limit }, read);
    },
    sendJson: async (path, sent) => {
      const limit = new Limit(clock, sent.signal, sent.timeoutMs);
      const { method, body, contentType = 'application/json' } = sent;
      const payload = { method, contentType, text: JSON.stringify(body) };
      const read = (response: IncomingMessage): Promise<Answer> => readObject(response, sent.maxBytes);
      return exchange({ credentials, path, accept: sent.accept, limit, payload }, read);
    },
    watchLines: async (path, watch) => {
      const limit = new Limit(clock, watch.signal);
      const read = (response: IncomingMessage): Promise<WatchEnd> => readLines(response, watch);
      return exchange({ credentials, path, accept: watch.accept, limit }, read);
    },
  };
}

/** One signal made of the caller's and of a deadline, which remembers which of them it was. */
class Limit {
  private readonly controller = new AbortController();
  private readonly cancelTimer: () => void;
  private readonly outer: AbortSignal | undefined;
  private readonly onOuter = (): void => {
    this.end({ kind: 'aborted' });
  };
  readonly signal: AbortSignal = this.controller.signal;
  reached: Failure | undefined;

  constructor(clock: Clock, outer: AbortSignal | undefined, timeoutMs?: number) {
    this.outer = outer;
    this.cancelTimer =
      timeoutMs === undefined
        ? () => {}
        : clock.after(timeoutMs, () => {
            this.end({ kind: 'timeout', afterMs: timeoutMs });
          });
    if (outer?.aborted === true) this.onOuter();
    else outer?.addEventListener('abort', this.onOuter);
  }

  /** Leaves no timer and no listener behind. */
  clear(): void {
    this.cancelTimer();
    this.outer?.removeEventListener('abort', this.onOuter);
  }

  private end(reached: Failure): void {
    this.reached ??= reached;
    this.controller.abort();
  }
}

interface Exchange {
  readonly credentials: Credentials;
  readonly path: string;
  readonly accept: string | undefined;
  readonly limit: Limit;
  readonly payload?: Payload;
}

interface Payload {
  readonly method: string;
  readonly contentType: string;
  readonly text: string;
}

async function exchange<T>(
  { credentials, path, accept, limit, payload }: Exchange,
  read: (response: IncomingMessage) => Promise<T | Failure>,
): Promise<T | Failure> {
  let sent: ClientRequest | undefined;
  try {
    const options = await untilAborted(credentials.options(), limit.signal).catch((error: unknown) => {
      throw new CredentialsError(errorText(error));
    });
    const headers = { ...options.headers, ...headersOf(accept, payload) };
    const signed = { ...options, method: payload?.method ?? 'GET', headers, signal: limit.signal };
    const pending = send(credentials.server + path, signed, payload?.text);
    sent = pending.sent;
    const response = await pending.response;
    return await (isDone(response) ? read(response) : readFailure(response));
  } catch (error) {
    if (limit.reached !== undefined) return limit.reached;
    return error instanceof CredentialsError ? { kind: 'credentials', message: error.message } : networkFailure(error);
  } finally {
    sent?.destroy();
    limit.clear();
  }
}

function headersOf(accept: string | undefined, payload: Payload | undefined): Readonly<Record<string, string>> {
  return {
    Accept: accept ?? 'application/json',
    'User-Agent': 'agent-injector',
    ...(payload && {
      'Content-Type': payload.contentType,
      'Content-Length': String(Buffer.byteLength(payload.text)),
    }),
  };
}

/** 201 is the answer to a POST that made something. */
function isDone({ statusCode }: IncomingMessage): boolean {
  return statusCode === 200 || statusCode === 201;
}

/** Inside `exchange` only: tells what failed before a request was made from what failed in it. */
class CredentialsError extends Error {}

function send(
  url: string,
  options: RequestOptions,
  body: string | undefined,
): { sent: ClientRequest; response: Promise<IncomingMessage> } {
  const sent = (url.startsWith('http:') ? plainRequest : tlsRequest)(url, options);
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve);
    sent.on('error', reject);
  });
  sent.end(body);
  return { sent, response };
}

/** An exec plugin cannot be interrupted, but it need not be waited for. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = (): void => {
      reject(new Error('given up'));
    };
    if (signal.aborted) give();
    signal.addEventListener('abort', give, { once: true });
    promise.then(resolve, reject);
  });
}

async function readText(response: IncomingMessage, maxBytes: number): Promise<string | Failure> {
  const chunks: AsyncIterable<Buffer> = response;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > maxBytes) return { kind: 'too-large', maxBytes };
    parts.push(chunk);
  }
  return Buffer.concat(parts, size).toString('utf8');
}

async function readObject(response: IncomingMessage, maxBytes: number): Promise<Answer> {
  const text = await readText(response, maxBytes);
  if (typeof text !== 'string') return text;
  const body = parseObject(text);
  return body === undefined ? notJson(text) : { kind: 'ok', body };
}

async function readFailure(response: IncomingMessage): Promise<Failure> {
  const text = await readText(response, MAX_ERROR_BYTES);
  const status = typeof text === 'string' ? parseObject(text) : undefined;
  const field = (name: string): string => (typeof status?.[name] === 'string' ? status[name] : '');
  const seconds = Number(response.headers['retry-after'] ?? 0);
  return {
    kind: 'http',
    status: response.statusCode ?? 0,
    reason: field('reason'),
    message: field('message'),
    retryAfterMs: seconds > 0 ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) : 0,
  };
}

async function readLines(response: IncomingMessage, watch: WatchOptions): Promise<WatchEnd> {
  const chunks: AsyncIterable<Buffer> = response;
  const maxBytes = watch.maxLineBytes ?? MAX_LINE_BYTES;
  const splitter = new LineSplitter();
  for await (const chunk of chunks) {
    for (const text of splitter.push(chunk)) {
      const line = parseObject(text);
      if (line === undefined) return notJson(text);
      if (watch.signal.aborted) return { kind: 'aborted' };
      watch.onLine(line);
    }
    if (splitter.pending > maxBytes) return { kind: 'too-large', maxBytes };
  }
  const rest = splitter.rest();
  return rest === '' ? { kind: 'ended' } : notJson(rest);
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function notJson(text: string): Failure {
  return { kind: 'not-json', sample: text.slice(0, SAMPLE_LENGTH) };
}
