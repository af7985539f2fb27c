import { oneLine } from '../../lib/text.ts';

/**
 * What can go wrong between us and the API server. Errors are data: nothing of `src/kube` rejects because of the network.
 * `http`: an answer other than 200; `reason` and `message` are those of the Kubernetes Status, if it sent one. `credentials`:
 * no request was made, the kubeconfig's user could not be turned into headers and certificates.
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

/** One sentence fragment about a failure, for a log line or a warning. */
export function describeFailure(failure: Failure): string {
  switch (failure.kind) {
    case 'http':
      return `the API server answered ${failure.status}${failure.message === '' ? '' : `: ${oneLine(failure.message, 500)}`}`;
    case 'network':
      return `no connection to the API server: ${failure.message}`;
    case 'credentials':
      return `no credentials for the API server: ${failure.message}`;
    case 'timeout':
      return `the API server did not answer within ${failure.afterMs} ms`;
    case 'aborted':
      return 'the request was given up';
    case 'not-json':
      return `the API server sent something that is not a JSON object: ${JSON.stringify(failure.sample)}`;
    case 'too-large':
      return `the API server sent more than ${failure.maxBytes} bytes`;
  }
}

/**
 * The text of something thrown: one line of bounded length, for below it may stand what was read (a parser of YAML shows the lines around a
 * mistake, keys and tokens included). An AggregateError (every address of a name refused) has no message, only a code.
 */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return oneLine(error.message.trim().split('\n', 1)[0] ?? '', 300) || errorCode(error);
}

/** A network failure out of what node:http, node:tls or node:net threw. */
export function networkFailure(error: unknown): Failure {
  return { kind: 'network', code: errorCode(error), message: errorText(error) };
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
