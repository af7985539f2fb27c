import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { ReflectorStatus } from '../watch/reflector.ts';
import type { ReflectorTiming } from '../watch/timing.ts';

/** Collections of the API server that are kept in memory. */
export interface Cache {
  /** Facts for readiness and metrics, by the name of the resource. */
  readonly status: () => Readonly<Record<string, ReflectorStatus>>;
  /** Resolves when all has been listed, or could not be for the first time. */
  readonly whenTried: () => Promise<void>;
  /** Resolves when no request is left. */
  readonly stop: () => Promise<void>;
}

export interface CacheOptions {
  readonly logger: Logger;
  readonly timing?: Partial<ReflectorTiming>;
  readonly clock?: Clock;
  readonly random?: () => number;
}
