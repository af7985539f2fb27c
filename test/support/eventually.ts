import { vi } from 'vitest';

/** Less than the timeout of a test, so that the assertion says what was missing; much more than a busy machine needs. */
const TIMEOUT_MS = 25_000;

/** Waits until the assertion holds. For data that arrives over a socket; timers of the tested code use a ManualClock. */
export function eventually(assertion: () => void): Promise<void> {
  return vi.waitFor(assertion, { timeout: TIMEOUT_MS, interval: 2 });
}
