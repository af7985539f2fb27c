import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Clock } from '../../lib/clock.ts';
import type { AuthenticatedOptions, Credentials } from './credentials.ts';
import { errorText, type Failure, networkFailure } from './errors.ts';
import { readFailure } from './response.ts';
import type { ServerClock } from './server-clock.ts';

const UNAUTHORIZED = 401;

export interface ApiRequest {
  readonly credentials: Credentials;
  readonly serverClock: ServerClock;
  readonly clock: Clock;
  readonly path: string;
  readonly accept?: string;
  readonly compressed?: boolean;
  readonly payload?: Payload;
  readonly signal?: AbortSignal;
  /** Includes loading the credentials. @default no limit */
  readonly timeoutMs?: number;
}

interface Payload {
  readonly method: string;
  readonly contentType: string;
  readonly text: string;
}

/** Sends the request and reads the body of a success. Every failure is a value. Leaves no timer, listener or socket behind. */
export async function sendRequest<T>(
  request: ApiRequest,
  read: (response: IncomingMessage) => Promise<T | Failure>,
): Promise<T | Failure> {
  const { credentials, serverClock } = request;
  const deadline = startDeadline(request);
  let sent: ClientRequest | undefined;
  try {
    const options = await untilAborted(credentials.options(), deadline.signal).catch((error: unknown): Failure => ({
      kind: 'credentials',
      message: errorText(error),
    }));
    if ('kind' in options) return deadline.failure() ?? options;
    const pending = send(request, options, deadline.signal);
    sent = pending.sent;
    const response = await pending.response;
    serverClock.observe(response.headers.date);
    if (response.statusCode === UNAUTHORIZED) credentials.reload();
    return await (isSuccess(response) ? read(response) : readFailure(response));
  } catch (error) {
    return deadline.failure() ?? networkFailure(error);
  } finally {
    sent?.destroy();
    deadline.clear();
  }
}

interface Deadline {
  readonly signal: AbortSignal;
  readonly failure: () => Failure | undefined;
  readonly clear: () => void;
}

/**
 * Joins the caller's signal and the timeout, and tells which of them came first. `AbortSignal.timeout` cannot use an injected clock, and
 * `AbortSignal.any` leaves some memory behind in a signal that lives as long as the server (Node 20: about 50 bytes for each request).
 */
function startDeadline({ clock, signal, timeoutMs }: Pick<ApiRequest, 'clock' | 'signal' | 'timeoutMs'>): Deadline {
  const controller = new AbortController();
  let failure: Failure | undefined;
  const end = (by: Failure): void => {
    failure ??= by;
    controller.abort();
  };
  const onAbort = (): void => end({ kind: 'aborted' });
  const cancelTimer =
    timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => end({ kind: 'timeout', afterMs: timeoutMs }));
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener('abort', onAbort);
  return {
    signal: controller.signal,
    failure: () => failure,
    clear: () => {
      cancelTimer?.();
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

/** A POST that creates an object is answered 201. */
function isSuccess({ statusCode }: IncomingMessage): boolean {
  return statusCode === 200 || statusCode === 201;
}

function send(
  { credentials, path, accept = 'application/json', compressed = false, payload }: ApiRequest,
  options: AuthenticatedOptions,
  signal: AbortSignal,
): { sent: ClientRequest; response: Promise<IncomingMessage> } {
  const headers = {
    ...options.headers,
    Accept: accept,
    'User-Agent': 'agent-injector',
    ...(compressed && { 'Accept-Encoding': 'gzip' }),
    ...(payload && {
      'Content-Type': payload.contentType,
      'Content-Length': String(Buffer.byteLength(payload.text)),
    }),
  };
  const url = credentials.server + path;
  const method = payload?.method ?? 'GET';
  const sent = (url.startsWith('http:') ? plainRequest : tlsRequest)(url, { ...options, method, headers, signal });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve);
    sent.on('error', reject);
  });
  sent.end(payload?.text);
  return { sent, response };
}

/** An exec plugin cannot be interrupted, but a request need not wait for it. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new Error('aborted'));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject);
  });
}
