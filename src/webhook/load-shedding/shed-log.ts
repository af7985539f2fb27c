import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';

const MAX_NAMES = 20;

const INTERVAL_MS = 1000;

/** Logs one line a second for all reviews that were shed: a line for each would cost more than its answer. */
export class ShedLog {
  readonly #log: Pick<Logger, 'error'>;
  readonly #clock: Clock;
  #admitted = 0;
  #refused = 0;
  readonly #namespaces = new Set<string>();
  #isScheduled = false;

  constructor(log: Pick<Logger, 'error'>, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  record(namespace: string, refused: boolean): void {
    if (refused) this.#refused++;
    else this.#admitted++;
    if (this.#namespaces.size < MAX_NAMES) this.#namespaces.add(namespace);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.after(INTERVAL_MS, () => this.#write());
  }

  #write(): void {
    const namespaces = [...this.#namespaces];
    this.#log.error(
      { reason: 'overloaded', admitted: this.#admitted, refused: this.#refused, namespaces },
      'overloaded: reviews were answered without evaluation. Pods were admitted without an agent, or refused if an agent is required',
    );
    this.#isScheduled = false;
    this.#admitted = this.#refused = 0;
    this.#namespaces.clear();
  }
}
