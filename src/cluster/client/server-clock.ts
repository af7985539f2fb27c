import type { Clock } from '../../lib/clock.ts';

/** Smaller differences, in ms, are ignored: certificates are issued as valid from an hour ago. */
const TOLERANCE_MS = 600_000;

/**
 * Time of day for judging certificates: this machine's, unless the API server's differs. The API server verifies the serving certificate, and a
 * replica whose clock is wrong must not renew what all replicas share.
 */
export class ServerClock {
  readonly #clock: Clock;
  readonly #wall: () => number;
  #observed: { readonly serverMs: number; readonly at: number } | undefined;

  constructor(clock: Clock, wall: () => number = Date.now) {
    this.#clock = clock;
    this.#wall = wall;
  }

  /** Records the time in a response's Date header. A missing or unreadable header changes nothing. */
  observe(date: string | undefined): void {
    const serverMs = Date.parse(date ?? '');
    // From here on the monotonic clock counts: it cannot be set.
    if (Number.isFinite(serverMs)) this.#observed = { serverMs, at: this.#clock.now() };
  }

  /** Difference between this machine's clock and the API server's, in ms, positive if the machine is ahead; 0 within the tolerance, or before the first response. */
  aheadMs(): number {
    if (this.#observed === undefined) return 0;
    const ahead = this.#wall() - (this.#observed.serverMs + this.#clock.now() - this.#observed.at);
    return Math.abs(ahead) > TOLERANCE_MS ? ahead : 0;
  }

  now(): Date {
    return new Date(this.#wall() - this.aheadMs());
  }
}
