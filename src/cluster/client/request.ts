import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest, type RequestOptions } from 'node:https';
import type { Clock } from '../../lib/clock.ts';
import type { Credentials } from './credentials.ts';
import { errorText, type Failure, networkFailure } from './errors.ts';
import { readFailure } from './response.ts';
import type { ServerClock } from './server-clock.ts';

const UNAUTHORIZED = 401;

/** One signal made of the caller's and of a deadline, which remembers which of them it was. */
export class Deadline {
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

/** One request to the API server. */
export interface ApiRequest {
  readonly credentials: Credentials;
  /** Is told what each answer says of the time. */
  readonly serverClock: ServerClock;
  readonly path: string;
  readonly accept: string | undefined;
  readonly deadline: Deadline;
  readonly payload?: Payload;
}

export interface Payload {
  readonly method: string;
  readonly contentType: string;
  readonly text: string;
}

/** Sends the request, and reads what is answered if it was done; every failure is a value. Leaves no timer, listener or socket behind. */
export async function sendRequest<T>(
  { credentials, serverClock: time, path, accept, deadline: limit, payload }: ApiRequest,
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
    time.observe(response.headers.date);
    if (response.statusCode === UNAUTHORIZED) credentials.renew();
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
