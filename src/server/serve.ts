import closeWithGrace from 'close-with-grace';
import type { FastifyInstance } from 'fastify';
import pino, { type Logger } from 'pino';
import type { CertificateKeeper } from '../certificates/keeper.ts';
import type { NamespaceSource } from '../cluster/caches/namespaces.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { type ClusterCatalogue, configFrom, openCatalogue } from '../config/catalogue.ts';
import type { Config, ReadConfig } from '../config/config.ts';
import { traceOf } from '../lib/stack-trace.ts';
import { createMetrics } from '../metrics/registry.ts';
import type { Gauges, Metrics } from '../metrics/types.ts';
import { createWebhookServer, replaceCertificate } from '../webhook/server.ts';
import { createAdminServer } from './admin-server.ts';
import type { AuditLoop } from './audit-loop.ts';
import { openAudits } from './audits.ts';
import { openCertificates } from './certificates.ts';
import { type ClusterStateSource, openClusterState } from './cluster-state.ts';
import { openCluster, openNamespaces } from './cluster.ts';
import { limitConnections } from './connection-limit.ts';
import { openEvents } from './events.ts';
import { logDestination, timestamps } from './log-output.ts';

/** A server that answers reviews, and how to end it. */
interface Running {
  /** Goes on answering for the drain time, telling callers to go elsewhere, then closes. */
  readonly drain: () => Promise<void>;
}

/** `agent-injector serve`: runs until a signal ends it. Throws a UsageError before anything listens when the configuration is wrong. */
export async function serve(read: ReadConfig): Promise<void> {
  const config = configFrom(read);
  const destination = logDestination();
  process.once('exit', destination.flushSync);
  const log = pino(
    {
      level: config.logLevel,
      base: null,
      timestamp: timestamps(),
      formatters: { level: (level) => ({ level }) },
    },
    destination,
  );
  let running: Running | undefined;
  // Before anything else: until a handler is set, a signal kills the process in the middle of whatever it does.
  const signals = closeWithGrace(
    { delay: (config.drainSeconds + 10) * 1000, logger: false },
    async ({ err, signal }) => {
      if (err) log.error({ err: traceOf(err) }, 'ending because of an error');
      else if (running) log.info({ signal, drainSeconds: config.drainSeconds }, 'draining');
      else log.info({ signal }, 'stopped before anything was served');
      await running?.drain();
    },
  );
  try {
    running = await start(config, log, destination.dropped);
  } catch (error) {
    signals.uninstall();
    throw error;
  }
}

/** All that the server goes by, each kept up to date by itself until it is stopped. */
interface Sources {
  readonly profiles: ClusterCatalogue;
  readonly namespaces: NamespaceSource;
  readonly certificates: CertificateKeeper;
  readonly cluster: ClusterStateSource;
  /** The API server itself, where there is one. */
  readonly api: KubeClient | undefined;
  /** Not begun; undefined where nobody asks for them. */
  readonly audits: AuditLoop | undefined;
  readonly stop: () => Promise<void>;
}

/** Opens everything, or nothing. Throws a UsageError when the settings name what cannot be used. */
async function openSources(config: Config, log: Logger): Promise<Sources> {
  const opened: { readonly stop: () => Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(opened.map((source) => source.stop()));
  };
  const keep = <T extends (typeof opened)[number]>(source: T): T => {
    opened.push(source);
    return source;
  };
  try {
    const profiles = keep(await openCatalogue(config, log, 'watch'));
    const { namespaces: file, webhookConfiguration, configMapKeys, events, auditInterval } = config;
    const asks = configMapKeys || events || auditInterval !== '0';
    const needsCluster = file === undefined || webhookConfiguration !== undefined || asks;
    const cluster = needsCluster ? await openCluster(config.kubeconfig) : undefined;
    const namespaces = keep(await openNamespaces(file, cluster, log));
    const facts = keep(openClusterState(config, cluster, namespaces, log));
    const certificates = keep(await openCertificates(config, cluster, log));
    const opening = { profiles, namespaces, certificates, cluster: facts, api: cluster };
    const audits = openAudits(config, opening, log);
    if (audits) keep(audits);
    return { ...opening, audits, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What is measured of the sources whenever Prometheus asks. */
function gaugesOf({ profiles, namespaces, certificates, cluster, audits }: Sources): Gauges {
  return {
    namespaces: () => namespaces.status(),
    certificates: () => certificates.gauges(),
    profiles: () => profiles.status(),
    configMaps: () => cluster.configMaps(),
    caches: () => cluster.caches(),
    audit: () => audits?.gauges(),
  };
}

/** Starts the server. The webhook's port opens last, when a review would be answered right. */
async function start(config: Config, log: Logger, logLinesDropped: () => number): Promise<Running> {
  const sources = await openSources(config, log);
  const { profiles, namespaces, certificates, cluster } = sources;
  let state: 'starting' | 'serving' | 'draining' = 'starting';
  const events = openEvents(config, sources, log, (code) => metrics.recordNotice(code));
  const metrics: Metrics = createMetrics({ ...gaugesOf(sources), events: events.counts, logLinesDropped }, VERSION);
  const unready = (): readonly string[] => [
    ...(namespaces.status().synced ? [] : ['the namespaces of the cluster are not known yet']),
    ...certificates.unready(),
    ...(state === 'serving' ? [] : [state === 'starting' ? 'the webhook port is not open yet' : 'shutting down']),
  ];
  const notes = (): readonly string[] => [...profiles.problems(), ...cluster.notes()];
  const admin = createAdminServer({ metrics, unready, notes });
  let webhook: FastifyInstance | undefined;
  const close = async (): Promise<void> => {
    await webhook?.close();
    await Promise.all([admin.close(), sources.stop(), events.stop()]);
  };
  try {
    const adminPort = await listen(admin, config.host, config.adminPort);
    log.info({ port: adminPort }, 'admin port is open: /livez, /readyz, /metrics');
    const [tls] = await Promise.all([certificates.whenServed(), namespaces.whenSynced(), cluster.whenAsked()]);
    const server = createWebhookServer({
      tls,
      clientNames: config.clientNames?.split(',').map((name) => name.trim()) ?? [],
      dependencies: {
        catalogue: profiles.catalogue,
        cluster: cluster.facts,
        namespaces,
        metrics,
        log,
        onDecision: events.record,
      },
      metrics,
      draining: () => state === 'draining',
    });
    webhook = server;
    limitConnections(server.server, log);
    const port = await listen(server, config.host, config.port);
    await certificates.attach({ host: config.host, port, use: (next) => replaceCertificate(server, next) });
    state = 'serving';
    sources.audits?.start();
    log.info({ port, namespaces: namespaces.status().size, version: VERSION }, 'webhook port is open: POST /mutate');
  } catch (error) {
    await close();
    throw error;
  }
  return {
    drain: async () => {
      state = 'draining';
      await new Promise((resolve) => setTimeout(resolve, config.drainSeconds * 1000));
      await close();
      log.info({}, 'stopped');
    },
  };
}

/** Opens a port and says which it is. `::` takes IPv4, too; a machine without IPv6 gets 0.0.0.0 instead. */
async function listen(server: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (host === '::' && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL')) return listen(server, '0.0.0.0', port);
    if (code === 'EADDRINUSE')
      throw new Error(`port ${port} is in use: stop what listens there, or choose another`, { cause: error });
    throw error;
  }
  const address = server.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
