/** Default of the API server (k8s.io/api admissionregistration/v1 types.go). */
const DEFAULT_TIMEOUT_MS = 10_000;

/** Time for the network, and for reading the request before the clock starts. */
const MARGIN_MS = 500;

/**
 * Milliseconds in which a review must be answered. The API server sends its timeout in the query (`timeout=5s`, whole seconds:
 * k8s.io/apiserver pkg/admission/plugin/webhook/mutating/dispatcher.go).
 */
export function answerDeadlineMs(timeout: unknown): number {
  const seconds = typeof timeout === 'string' ? /^(\d{1,3})s$/.exec(timeout)?.[1] : undefined;
  return Math.max(MARGIN_MS, (seconds === undefined ? DEFAULT_TIMEOUT_MS : Number(seconds) * 1000) - MARGIN_MS);
}

/** Longest wait for a namespace lookup or for a required pod, even if the API server would wait longer: a pod creation is blocked meanwhile. */
export const MAX_WAIT_MS = 3000;
