import { vi } from 'vitest';

/** Waits until the assertion holds. For data that arrives over a socket; timers of the tested code use a ManualClock. */
export function eventually(assertion: () => void): Promise<void> {
  return vi.waitFor(assertion, { timeout: 10_000, interval: 2 });
}
