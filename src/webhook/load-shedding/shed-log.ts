import type { Logger } from '../../lib/logger.ts';

/** So many namespaces are named in a line. */
const MAX_NAMES = 20;

const INTERVAL_MS = 1000;

/** One log line a second for all reviews that were shed in it: a line for each would cost more than its answer. */
export class ShedLog {
  readonly #log: Pick<Logger, 'error'>;
  #admitted = 0;
  #refused = 0;
  readonly #namespaces = new Set<string>();
  #isDue = false;

  constructor(log: Pick<Logger, 'error'>) {
    this.#log = log;
  }

  shed(namespace: string, refused: boolean): void {
    if (refused) this.#refused++;
    else this.#admitted++;
    if (this.#namespaces.size < MAX_NAMES) this.#namespaces.add(namespace);
    if (this.#isDue) return;
    this.#isDue = true;
    setTimeout(this.#write, INTERVAL_MS);
  }

  readonly #write = (): void => {
    this.#isDue = false;
    const namespaces = [...this.#namespaces];
    this.#log.error(
      { reason: 'overloaded', admitted: this.#admitted, refused: this.#refused, namespaces },
      'too many reviews at once: pods went without their agent, or were refused where they must carry it',
    );
    this.#admitted = this.#refused = 0;
    this.#namespaces.clear();
  };
}
