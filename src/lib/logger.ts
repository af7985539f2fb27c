import type { Clock } from './clock.ts';

export interface Logger {
  readonly info: (fields: object, message: string) => void;
  readonly warn: (fields: object, message: string) => void;
  readonly error: (fields: object, message: string) => void;
}

export interface ParentLogger extends Logger {
  readonly child: (fields: object) => Pick<Logger, 'info'>;
}

const REPEAT_MS = 60_000;

/** Logs a problem when it begins or changes, once a minute while it lasts or comes and goes, and when it is over. */
export class ProblemLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  #text = '';
  #loggedAt = -Infinity;
  #open = false;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  report(facts: Readonly<Record<string, unknown>>, text: string): void {
    const now = this.#clock.now();
    if (text === this.#text && now - this.#loggedAt < REPEAT_MS) return;
    this.#text = text;
    this.#loggedAt = now;
    this.#open = true;
    this.#logger.warn(facts, text);
  }

  resolve(facts: Readonly<Record<string, unknown>>, text: string): void {
    if (this.#open) this.#logger.info(facts, text);
    this.#open = false;
  }
}
