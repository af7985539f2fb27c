import { vi } from 'vitest';

/** Waits until the assertion holds: for what comes over a socket. Time of the program under test is a ManualClock's. */
export function eventually(assertion: () => void): Promise<void> {
  return vi.waitFor(assertion, { timeout: 10_000, interval: 2 });
}
