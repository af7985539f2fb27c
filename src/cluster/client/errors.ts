import { withoutPathSecrets } from '../../api/paths.ts';
import { oneLine } from '../../lib/text.ts';

/**
 * A failed request, as a value: nothing in src/cluster rejects because of the network. `http`: a status other than 200 and 201; `reason` and
 * `message` are those of the Kubernetes Status, if the server sent one. `credentials`: no request was made, because the kubeconfig's user gave
 * no usable headers or certificates.
 */
export type Failure =
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly reason: string;
      readonly message: string;
      readonly retryAfterMs: number;
    }
  | { readonly kind: 'network'; readonly code: string; readonly message: string }
  | { readonly kind: 'credentials'; readonly message: string }
  | { readonly kind: 'timeout'; readonly afterMs: number }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'not-json'; readonly sample: string }
  | { readonly kind: 'too-large'; readonly maxBytes: number };

/** The API server does not let this user have it. The message is for the user. */
export class ForbiddenError extends Error {}

export function isForbidden(failure: Failure): boolean {
  return failure.kind === 'http' && (failure.status === 401 || failure.status === 403);
}

export function isNotFound(failure: Failure): boolean {
  return failure.kind === 'http' && failure.status === 404;
}

/** True if the same request may be answered later: this answer says nothing about what was asked. */
export function isForNow(failure: Failure): boolean {
  if (failure.kind === 'http') return failure.status === 408 || failure.status === 429 || failure.status >= 500;
  return failure.kind !== 'too-large';
}

export function describeFailure(failure: Failure): string {
  switch (failure.kind) {
    case 'http':
      return `the API server answered ${failure.status}${failure.message === '' ? '' : `: ${oneLine(withoutPathSecrets(failure.message), 500)}`}`;
    case 'network':
      return `no connection to the API server: ${failure.message}`;
    case 'credentials':
      return `no credentials for the API server: ${failure.message}`;
    case 'timeout':
      return `the API server did not answer within ${failure.afterMs} ms`;
    case 'aborted':
      return 'the request was aborted';
    case 'not-json':
      return `the API server sent something that is not a JSON object: ${JSON.stringify(failure.sample)}`;
    case 'too-large':
      return `the API server sent more than ${failure.maxBytes} bytes`;
  }
}

/** `what` could not be had, and why. */
export function failureError(what: string, failure: Failure): Error {
  const message = `${what}: ${describeFailure(failure)}`;
  return isForbidden(failure) ? new ForbiddenError(message) : new Error(message);
}

/**
 * First line of an error's message, with bounded length. The lines below it may quote the input (a YAML parser shows the lines around a mistake,
 * keys and tokens included). An AggregateError (every address of a name refused the connection) has no message, only a code.
 */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return oneLine(error.message.trim().split('\n', 1)[0] ?? '', 300) || errorCode(error);
}

export function networkFailure(error: unknown): Failure {
  return { kind: 'network', code: errorCode(error), message: errorText(error) };
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
