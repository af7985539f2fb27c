import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { ReflectorStatus } from '../watch/reflector.ts';
import type { ReflectorTiming } from '../watch/timing.ts';

export interface Cache {
  readonly status: () => Readonly<Record<string, ReflectorStatus>>;
  /** Resolves when each collection was listed, or its first attempt has failed. */
  readonly whenTried: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface CacheOptions {
  readonly logger: Logger;
  readonly timing?: Partial<ReflectorTiming>;
  readonly clock?: Clock;
  readonly random?: () => number;
}
