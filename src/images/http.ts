import * as http from 'node:http';
import * as https from 'node:https';
import { ImageError } from './image-error.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxBytes: number;
  /** Sent as a form, by POST. */
  readonly form?: URLSearchParams;
}

/** Of one request, from the connection to the last byte: a dead registry must not hold up a CI job. */
const TIMEOUT_MS = 20_000;

/** Sends one request, without following redirects. Throws an ImageError: time, size, connection, TLS. */
export async function send({ url, headers, maxBytes, form }: HttpRequest, timeoutMs = TIMEOUT_MS): Promise<HttpAnswer> {
  const body = form?.toString();
  const options: https.RequestOptions = {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'user-agent': 'agent-injector',
      ...headers,
      ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    signal: AbortSignal.timeout(timeoutMs),
  };
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(asImageError(error, url, timeoutMs));
    const request = (url.protocol === 'http:' ? http : https).request(url, options, (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        size += part.length;
        parts.push(part);
        if (size > maxBytes) response.destroy(new ImageError(`${url.host} sent more than ${maxBytes} bytes`));
      });
      response.on('error', fail);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    request.on('error', fail);
    request.end(body);
  });
}

function asImageError(error: Error & { readonly code?: unknown }, url: URL, timeoutMs: number): ImageError {
  if (error instanceof ImageError) return error;
  if (error.name === 'TimeoutError' || error.name === 'AbortError')
    return new ImageError(`${url.host} did not answer within ${timeoutMs / 1000} s`);
  return new ImageError(`${url.host} could not be reached: ${error.message || String(error.code)}`);
}
