import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { KubeClient } from '../../cluster/client/types.ts';
import { LeaderElection } from '../../cluster/lease.ts';
import { objectNameIn } from '../../cluster/object-name.ts';
import type { Config } from '../../config/config.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { type Judgements, statusSources } from './judgements.ts';
import { StatusWriter } from './status-writer.ts';

/** Shorter than the usual: another replica goes on within 20 s, also in a cluster that is slow. */
const TIMING = { leaseMs: 10_000, renewWithinMs: 7_000, retryMs: 2_000 };

export interface ResourceStatus {
  /** Takes part in the election. */
  readonly start: () => void;
  readonly stop: () => Promise<void>;
}

/** The status of resources, if a setting names the Lease that elects its writer. Throws a UsageError if there is no cluster for it. */
export function openResourceStatus(
  { lease }: Pick<Config, 'lease'>,
  client: KubeClient | undefined,
  judgements: Judgements | undefined,
  logger: Logger,
): ResourceStatus | undefined {
  if (lease === undefined) return undefined;
  if (!client || !judgements)
    throw new UsageError(['lease requires a cluster: not running in a pod, and no kubeconfig given']);
  const sources = statusSources(judgements);
  const writer = new StatusWriter({ client, sources, logger, clock: systemClock, wall: Date.now });
  const identity = `${hostname()}_${randomUUID()}`;
  const election = new LeaderElection({ client, at: objectNameIn(lease), identity, logger, timing: TIMING });
  return {
    start: () => void election.start((signal) => writer.lead(signal)),
    stop: () => election.stop(),
  };
}
