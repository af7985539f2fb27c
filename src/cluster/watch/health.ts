import type { Clock } from '../../lib/clock.ts';
import { type Logger, ProblemLog } from '../../lib/logger.ts';
import { describeInterruption, type Interruption, isRefused } from './backoff.ts';
import { type ReflectorTiming, STALE_MS } from './timing.ts';

interface HealthOptions {
  readonly path: string;
  readonly timing: ReflectorTiming;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Freshness and failures of a reflector: when data last arrived, what went wrong, and the log of it. */
export class WatchHealth {
  readonly #options: HealthOptions;
  readonly #log: ProblemLog;
  #contactAt: number | undefined;
  #lastEventAt = 0;
  #listedAt = 0;
  failures = 0;
  restarts = 0;
  problem: string | undefined;

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#log = new ProblemLog(options.logger, options.clock);
  }

  get ageMs(): number | undefined {
    return this.#contactAt === undefined ? undefined : this.#options.clock.now() - this.#contactAt;
  }

  get isFresh(): boolean {
    return this.ageMs !== undefined && this.ageMs <= STALE_MS;
  }

  get isRelistDue(): boolean {
    return this.#options.clock.now() - this.#listedAt >= this.#options.timing.relistMs;
  }

  get isSilent(): boolean {
    return this.#options.clock.now() - this.#lastEventAt >= this.#options.timing.silenceMs;
  }

  recordEvent(): void {
    this.#lastEventAt = this.#options.clock.now();
    this.#contactAt = this.#lastEventAt;
  }

  recordList(): void {
    this.#listedAt = this.#options.clock.now();
    this.problem = undefined;
  }

  recordWatchEnd(size: number): void {
    this.#contactAt = this.#options.clock.now();
    this.recordSuccess(size);
  }

  recordSuccess(size: number): void {
    this.failures = 0;
    this.#log.resolve({ path: this.#options.path, size }, 'watching again');
  }

  recordInterruption(interruption: Interruption): void {
    if (interruption.kind === 'due') return;
    this.restarts += 1;
    this.failures = isRefused(interruption) ? 0 : this.failures + 1;
    this.problem = describeInterruption(interruption);
    this.#log.report({ path: this.#options.path, restarts: this.restarts }, `watch interrupted: ${this.problem}`);
  }
}
