import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { EventWriter } from '../../cluster/events/writer.ts';
import { LeaderElection } from '../../cluster/lease.ts';
import { type ObjectName, objectNameIn } from '../../cluster/object-name.ts';
import { requireConfig } from '../../config/catalogue.ts';
import type { Config, readConfig } from '../../config/config.ts';
import { millisecondsOf } from '../../config/value-kinds.ts';
import { systemClock } from '../../lib/clock.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { createObserverMetrics } from '../../metrics/observer.ts';
import type { BreakerLimits } from '../../observer/limits.ts';
import { createAdminServer } from '../admin-server.ts';
import { requireCluster } from '../cluster.ts';
import { listen } from '../listen.ts';
import { type Running, runProcess } from '../process.ts';
import { StatusWriter } from '../agent-resources/status-writer.ts';
import { Observer } from './observer.ts';
import { podsStatus } from './pods-status.ts';

/** `agent-injector observe`: runs until a signal. Throws a UsageError before any port opens if the configuration is not valid. */
export async function observe(read: ReturnType<typeof readConfig>): Promise<void> {
  const config = requireConfig(read);
  const { breaker, lease } = config;
  if (breaker === undefined || lease === undefined)
    throw new UsageError(['observe requires breaker and lease: NAMESPACE/NAME of a ConfigMap and of a Lease']);
  await runProcess({ ...config, drainSeconds: 0 }, (log, dropped) =>
    start(config, { breakers: objectNameIn(breaker), lease: objectNameIn(lease) }, log, dropped),
  );
}

interface Places {
  readonly breakers: ObjectName;
  readonly lease: ObjectName;
}

const HOUR_MS = 3_600_000;

async function start(config: Config, places: Places, log: Logger, logLinesDropped: () => number): Promise<Running> {
  const client = await requireCluster(config.kubeconfig, 'use --kubeconfig FILE');
  const limits = { windowMs: HOUR_MS, perNamespace: 100, total: 5_000 };
  const writer = config.events ? new EventWriter({ client, logger: log, misplacedKeys: () => [], limits }) : undefined;
  const observer = new Observer({
    client,
    at: places.breakers,
    limits: limitsIn(config),
    events: writer,
    logger: log,
    clock: systemClock,
    wall: Date.now,
  });
  const statuses = new StatusWriter({
    client,
    sources: [podsStatus({ census: () => observer.census(), breakers: () => observer.breakers().all() })],
    logger: log,
    clock: systemClock,
    wall: Date.now,
  });
  const identity = `${hostname()}_${randomUUID()}`;
  const election = new LeaderElection({ client, at: places.lease, identity, logger: log });
  const metrics = createObserverMetrics(
    {
      census: () => observer.census(),
      breakers: () => observer.breakers().all(),
      caches: () => observer.caches(),
      leads: () => election.leads(),
      evictions: () => observer.evictions,
      ...(writer && { events: () => writer.counts }),
      logLinesDropped,
    },
    VERSION,
  );
  const admin = createAdminServer({ metrics, notReady: () => [], notes: () => notesOf(observer, election), log });
  const stop = async (): Promise<void> => {
    await election.stop();
    await Promise.all([observer.stop(), writer?.stop(), admin.close()]);
  };
  try {
    const port = await listen(admin, config.adminHost ?? config.host, config.adminPort);
    log.info({ port, action: config.breakerAction, version: VERSION }, 'observing; the admin port is open');
  } catch (error) {
    await stop();
    throw error;
  }
  election.start(async (signal) => {
    await Promise.all([observer.lead(signal), statuses.lead(signal)]);
  });
  return {
    drain: async () => {
      await stop();
      log.info({}, 'stopped');
    },
  };
}

function limitsIn(config: Config): BreakerLimits {
  const { breakerAction, breakerWindow, breakerGrace, breakerCooldown, breakerStable } = config;
  return {
    action: breakerAction,
    windowMs: millisecondsOf(breakerWindow),
    graceMs: millisecondsOf(breakerGrace),
    cooldownMs: millisecondsOf(breakerCooldown),
    stableMs: millisecondsOf(breakerStable),
  };
}

function notesOf(observer: Observer, election: LeaderElection): readonly string[] {
  if (!election.leads()) return ['another replica leads, or none does yet'];
  const { pods } = observer.caches();
  const problem = pods?.synced === true ? undefined : (pods?.problem ?? 'the list is not complete');
  return [
    ...(problem === undefined ? [] : [`the pods with an agent are not known yet: ${problem}`]),
    ...[...observer.breakers().all().values()].map(
      ({ phase, shown, namespace, profiles, why }) =>
        `breaker ${phase}: ${shown === '' ? `profile ${Object.keys(profiles).join()}` : `${namespace}/${shown}`}: ${why}`,
    ),
  ].slice(0, 20);
}
