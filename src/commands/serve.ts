import { X509Certificate } from 'node:crypto';
import closeWithGrace from 'close-with-grace';
import type { FastifyInstance } from 'fastify';
import pino, { type Logger } from 'pino';
import { sampleNamespace } from '../agents/built-in.ts';
import type { Config, ReadConfig } from '../config.ts';
import type { Catalogue } from '../core/catalogue.ts';
import { isObject } from '../core/json.ts';
import { createAdminServer } from '../http/admin-server.ts';
import { createMetrics } from '../http/metrics.ts';
import { closeWebhookServer, createWebhookServer } from '../http/webhook-server.ts';
import { loadCluster, type Cluster } from '../kube/api.ts';
import {
  anyNamespace,
  namespacesFromCluster,
  namespacesFromObjects,
  type NamespaceSource,
} from '../kube/namespaces.ts';
import { toNamespace } from '../kube/namespace-object.ts';
import { releaseSignal } from '../early-signals.ts';
import { openTlsDirectory } from '../tls/directory.ts';
import { tlsDirectoryProblemText } from '../tls/directory-problem.ts';
import type { ServerCertificate } from '../tls/server-certificate.ts';
import { catalogueFor } from './cluster-catalogue.ts';
import { readNamespaces } from './manifest-file.ts';
import { UsageError } from './usage-error.ts';

/** A server that answers reviews, and how to end it. */
interface Running {
  /** Goes on answering for the drain time, telling callers to go elsewhere, then closes. */
  readonly drain: () => Promise<void>;
}

/** `agent-injector serve`: runs until a signal ends it. Throws a UsageError before anything listens when the configuration is wrong. */
export async function serve(read: ReadConfig): Promise<void> {
  const { config, catalogue } = catalogueFor(read);
  const log = pino({
    level: config.logLevel,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
  });
  let running: Running | undefined;
  // Before anything else: until a handler is set, a signal kills the process in the middle of whatever it does.
  const signals = closeWithGrace(
    { delay: (config.drainSeconds + 10) * 1000, logger: false },
    async ({ err, signal }) => {
      if (err) log.error({ err }, 'ending because of an error');
      else if (running) log.info({ signal, drainSeconds: config.drainSeconds }, 'draining');
      else log.info({ signal }, 'stopped before anything was served');
      await running?.drain();
    },
  );
  releaseSignal();
  try {
    running = await start(config, catalogue, log);
  } catch (error) {
    signals.uninstall();
    throw error;
  }
}

/** Starts the server. The webhook's port opens last, when a review would be answered right. */
async function start(config: Config, catalogue: Catalogue, log: Logger): Promise<Running> {
  const namespaces = await openNamespaces(config, log);
  const certificate = await openCertificate(config.tlsDir, log);
  const expiry = new Date(new X509Certificate(certificate.cert).validTo);
  let state: 'starting' | 'serving' | 'draining' = 'starting';
  const metrics = createMetrics({ namespaces: () => namespaces.status(), certificateExpiry: () => expiry }, VERSION);
  const unready = (): readonly string[] => [
    ...(namespaces.status().synced ? [] : ['the namespaces of the cluster are not known yet']),
    ...(expiry.getTime() > Date.now() ? [] : [`the certificate expired at ${expiry.toISOString()}`]),
    ...(state === 'serving' ? [] : [state === 'starting' ? 'the webhook port is not open yet' : 'shutting down']),
  ];
  const admin = createAdminServer({ metrics, unready });
  const webhook = createWebhookServer({
    tls: certificate,
    reviewing: { catalogue: () => catalogue, namespaces, metrics, log },
    metrics,
    draining: () => state === 'draining',
  });
  const close = async (): Promise<void> => {
    await closeWebhookServer(webhook);
    await Promise.all([admin.close(), namespaces.stop()]);
  };
  try {
    const adminPort = await listen(admin, config.host, config.adminPort);
    log.info({ port: adminPort }, 'admin port is open: /livez, /readyz, /metrics');
    await namespaces.whenSynced();
    const port = await listen(webhook, config.host, config.port);
    state = 'serving';
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

async function openCertificate(dir: string, log: Logger): Promise<ServerCertificate> {
  const opened = await openTlsDirectory(dir, new Date());
  if (!opened.ok) throw new UsageError([tlsDirectoryProblemText(opened.problem)]);
  if (opened.created) log.info({ dir }, 'made a certificate authority and a certificate for localhost');
  return opened.certificate;
}

/** A file of namespaces if one is named, else the cluster, else the sample namespace under every name. */
async function openNamespaces(config: Config, log: Logger): Promise<NamespaceSource> {
  if (config.namespaces !== undefined) {
    return namespacesFromObjects(await readNamespaces(config.namespaces));
  }
  const cluster = await loadClusterOrThrow(config.kubeconfig);
  if (cluster) {
    log.info({ server: cluster.server }, 'namespaces come from the API server');
    return namespacesFromCluster(cluster, { logger: log });
  }
  log.warn(
    {},
    'no cluster and no file of namespaces: every namespace counts as the built-in sample (see --kubeconfig, --namespaces)',
  );
  return anyNamespace(isObject(sampleNamespace) ? (toNamespace(sampleNamespace) ?? {}) : {});
}

async function loadClusterOrThrow(kubeconfig: string | undefined): Promise<Cluster | undefined> {
  try {
    return await loadCluster(kubeconfig === undefined ? {} : { kubeconfig });
  } catch (error) {
    throw new UsageError([error instanceof Error ? error.message : String(error)]);
  }
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
