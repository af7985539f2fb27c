/** When the API server does not say how long it waits, its own default (k8s.io/api admissionregistration/v1 types.go). */
const DEFAULT_TIMEOUT_MS = 10_000;

/** For the way of the answer, and for what is read before the request is seen. */
const MARGIN_MS = 500;

/**
 * How long an answer may take, in milliseconds. The API server says in the query how long it waits (`timeout=5s`, whole seconds:
 * k8s.io/apiserver pkg/admission/plugin/webhook/mutating/dispatcher.go); we answer before that, since a late answer is none.
 */
export function timeoutOf(timeout: unknown): number {
  const seconds = typeof timeout === 'string' ? /^(\d{1,3})s$/.exec(timeout)?.[1] : undefined;
  return Math.max(MARGIN_MS, (seconds === undefined ? DEFAULT_TIMEOUT_MS : Number(seconds) * 1000) - MARGIN_MS);
}
