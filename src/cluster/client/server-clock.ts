import type { Clock } from '../../lib/clock.ts';

/** Clocks that differ by less, in ms, agree: certificates are made to be valid an hour before they are. */
const TOLERANCE_MS = 600_000;

/**
 * The time of day as certificates are judged by: this machine's, unless the API server's is another one. It is the API server that verifies what
 * we serve, and a replica whose clock is wrong must not renew what all of them share.
 */
export class ServerClock {
  private readonly clock: Clock;
  private readonly wall: () => number;
  private heard: { readonly serverMs: number; readonly at: number } | undefined;

  /** `wall` is in ms since 1970. */
  constructor(clock: Clock, wall: () => number = Date.now) {
    this.clock = clock;
    this.wall = wall;
  }

  /** Notes what an answer says of the time, by its Date header; nothing, if it has none that can be read. */
  observe(date: string | undefined): void {
    const serverMs = Date.parse(date ?? '');
    // By the monotonic clock from here on: that nobody can set.
    if (Number.isFinite(serverMs)) this.heard = { serverMs, at: this.clock.now() };
  }

  /** How far this machine's clock is ahead of the API server's, in ms; 0 while they agree, or nothing was heard. */
  aheadMs(): number {
    if (this.heard === undefined) return 0;
    const ahead = this.wall() - (this.heard.serverMs + this.clock.now() - this.heard.at);
    return Math.abs(ahead) > TOLERANCE_MS ? ahead : 0;
  }

  now(): Date {
    return new Date(this.wall() - this.aheadMs());
  }
}
