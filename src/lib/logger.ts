import type { Clock } from './clock.ts';

/** The part of pino's logger that is used. */
export interface Logger {
  readonly info: (fields: object, message: string) => void;
  readonly warn: (fields: object, message: string) => void;
  readonly error: (fields: object, message: string) => void;
}

/** A logger that makes loggers whose lines have more fields. */
export interface ParentLogger extends Logger {
  readonly child: (fields: object) => Pick<Logger, 'info'>;
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
