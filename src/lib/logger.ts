import type { Clock } from './clock.ts';

/** The methods of pino's logger that the program uses. */
export interface Logger {
  readonly info: (fields: object, message: string) => void;
  readonly warn: (fields: object, message: string) => void;
  readonly error: (fields: object, message: string) => void;
}

/** A logger that can create loggers with more fields in each line. */
export interface ParentLogger extends Logger {
  readonly child: (fields: object) => Pick<Logger, 'info'>;
}

/** Interval between two lines about the same problem, in ms. */
const REPEAT_MS = 60_000;

/** Logs a problem when it begins or changes, once a minute while it lasts or comes and goes, and when it is over. */
export class TroubleLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  #text = '';
  #loggedAt = -Infinity;
  #open = false;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  trouble(facts: Readonly<Record<string, unknown>>, text: string): void {
    const now = this.#clock.now();
    if (text === this.#text && now - this.#loggedAt < REPEAT_MS) return;
    this.#text = text;
    this.#loggedAt = now;
    this.#open = true;
    this.#logger.warn(facts, text);
  }

  /** Logs the end once, if the problem was logged. */
  over(facts: Readonly<Record<string, unknown>>, text: string): void {
    if (this.#open) this.#logger.info(facts, text);
    this.#open = false;
  }
}
