import type { Clock } from './clock.ts';

/** What this room needs of a logger; pino's has it. */
export interface Logger {
  info(facts: Readonly<Record<string, unknown>>, message: string): void;
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
  error(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** The same trouble is logged once in this time, in ms. */
const REPEAT_MS = 60_000;

/**
 * Logs a trouble when it begins, when it becomes another, once a minute while it lasts, and when it is over. One that comes and
 * goes all the time is logged once a minute too.
 */
export class TroubleLog {
  private readonly logger: Logger;
  private readonly clock: Clock;
  private text = '';
  private loggedAt = -Infinity;
  private open = false;

  constructor(logger: Logger, clock: Clock) {
    this.logger = logger;
    this.clock = clock;
  }

  trouble(facts: Readonly<Record<string, unknown>>, text: string): void {
    const now = this.clock.now();
    if (text === this.text && now - this.loggedAt < REPEAT_MS) return;
    this.text = text;
    this.loggedAt = now;
    this.open = true;
    this.logger.warn(facts, text);
  }

  /** Says so once, and only if the trouble was logged. */
  over(facts: Readonly<Record<string, unknown>>, text: string): void {
    if (this.open) this.logger.info(facts, text);
    this.open = false;
  }
}
