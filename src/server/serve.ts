import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { CertificateKeeper } from '../certificates/keeper.ts';
import type { NamespaceSource } from '../cluster/caches/namespaces.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { type CatalogueProvider, openCatalogue, requireConfig } from '../config/catalogue.ts';
import type { Config, readConfig } from '../config/config.ts';
import { sleep, systemClock } from '../lib/clock.ts';
import { createMetrics } from '../metrics/registry.ts';
import type { Gauges } from '../metrics/types.ts';
import { createWebhookServer, replaceCertificate } from '../webhook/server.ts';
import { createAdminServer } from './admin-server.ts';
import type { AuditLoop } from './audit-loop.ts';
import { openAudits } from './audits.ts';
import { type Certificates, openCertificates } from './certificates.ts';
import { openBreakers } from './breakers.ts';
import { type ClusterStateSource, openClusterState } from './cluster-watches.ts';
import { needsCluster, openCluster, openNamespaces } from './cluster.ts';
import { maxConnectionsHere } from './connection-limit.ts';
import { openEvents } from './events.ts';
import { openImageFacts } from './image-facts/open.ts';
import { openInjectionSwitch, type SwitchedCatalogue } from './injection-switch.ts';
import { listen } from './listen.ts';
import { warnOfOtherReleases } from './other-releases.ts';
import { type Running, runProcess } from './process.ts';
import { type AgentResources, openResources } from './agent-resources/resources.ts';
import { openResourceStatus, type ResourceStatus } from './agent-resources/open-status.ts';
import { type OpenedRegistration, openRegistration } from './registration.ts';

/** `agent-injector serve`: runs until a signal. Throws a UsageError before any port opens if the configuration is not valid. */
export async function serve(read: ReturnType<typeof readConfig>): Promise<void> {
  const config = requireConfig(read);
  await runProcess(config, (log, logLinesDropped) => start(config, log, logLinesDropped));
}

interface Sources {
  readonly profiles: Omit<CatalogueProvider, 'stop'>;
  readonly namespaces: NamespaceSource;
  readonly certificates: CertificateKeeper;
  readonly isPathOpen: Certificates['isPathOpen'];
  readonly clusterState: ClusterStateSource;
  readonly injectionSwitch: SwitchedCatalogue;
  readonly client: KubeClient | undefined;
  readonly judgeResource: AgentResources['judgeResource'];
  readonly audits: AuditLoop | undefined;
  readonly resourceStatus: ResourceStatus | undefined;
  readonly registration: OpenedRegistration | undefined;
  readonly stop: () => Promise<void>;
}

/** Opens all sources, or none. Throws a UsageError if the settings refer to something that cannot be used. */
async function openSources(config: Config, log: Logger): Promise<Sources> {
  const opened: { readonly stop: () => Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(opened.map((source) => source.stop()));
  };
  const add = <T extends (typeof opened)[number]>(source: T): T => {
    opened.push(source);
    return source;
  };
  try {
    const installed = add(await openCatalogue(config, log, 'watch'));
    const client = needsCluster(config) ? await openCluster(config.kubeconfig) : undefined;
    const resources = add(openResources(client, installed, log));
    const injectionSwitch = add(openInjectionSwitch(config, client, resources.profiles.catalogue, log));
    const profiles = { ...resources.profiles, catalogue: injectionSwitch.catalogue };
    const namespaces = add(await openNamespaces(config, client, log));
    const watched = add(openClusterState(config, client, namespaces, log));
    const withBreakers = add(openBreakers(config, client, resources.added(watched), log));
    const clusterState = add(await openImageFacts(config, client, withBreakers, log));
    const registration = await openRegistration(config, client, log);
    const { keeper, isPathOpen } = await openCertificates(config, client, log, registration?.certificate);
    const certificates = add(keeper);
    const opening = { profiles, namespaces, certificates, isPathOpen, clusterState, injectionSwitch, client };
    const audits = openAudits(config, opening, log);
    if (audits) add(audits);
    const resourceStatus = openResourceStatus(config, client, resources.judgements, log);
    if (resourceStatus) add(resourceStatus);
    return { ...opening, judgeResource: resources.judgeResource, audits, resourceStatus, registration, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function gaugesOf({ profiles, namespaces, certificates, clusterState, injectionSwitch, audits }: Sources): Gauges {
  return {
    namespaces: () => namespaces.status(),
    certificates: () => certificates.gauges(),
    profiles: () => profiles.status(),
    injection: () => injectionSwitch.gauges(),
    configMaps: () => clusterState.configMaps(),
    caches: () => clusterState.caches(),
    audit: () => audits?.gauges(),
  };
}

type State = 'starting' | 'serving' | 'draining';

function readinessOf(
  { profiles, namespaces, certificates, clusterState, injectionSwitch }: Sources,
  state: () => State,
): { readonly notReady: () => readonly string[]; readonly notes: () => readonly string[] } {
  return {
    notReady: () => [
      ...(namespaces.status().synced ? [] : ['the namespaces of the cluster have not been read yet']),
      ...injectionSwitch.notReady(),
      ...certificates.notReady(),
      ...(state() === 'serving' ? [] : [state() === 'starting' ? 'the webhook port is not open yet' : 'shutting down']),
    ],
    notes: () => [...profiles.problems(), ...injectionSwitch.notes(), ...clusterState.notes()],
  };
}

/** Resolves with the certificate once everything is known that a decision depends on. */
async function whenKnown({
  certificates,
  namespaces,
  injectionSwitch,
  clusterState,
}: Sources): ReturnType<CertificateKeeper['whenServed']> {
  const [tls] = await Promise.all([
    certificates.whenServed(),
    namespaces.whenSynced(),
    injectionSwitch.whenSynced(),
    clusterState.whenTried(),
  ]);
  return tls;
}

/** Starts the server. The webhook port opens last, once a review would be answered correctly. */
async function start(config: Config, log: Logger, logLinesDropped: () => number): Promise<Running> {
  const sources = await openSources(config, log);
  const { profiles, namespaces, certificates, isPathOpen, clusterState, registration } = sources;
  let state: State = 'starting';
  const { recorder, onNotice } = openEvents(config, sources, log);
  const metrics = createMetrics({ ...gaugesOf(sources), events: () => recorder.counts(), logLinesDropped }, VERSION);
  onNotice((code) => metrics.recordNotice(code));
  const admin = createAdminServer({ metrics, ...readinessOf(sources, () => state), log });
  let webhook: FastifyInstance | undefined;
  const close = async (): Promise<void> => {
    await webhook?.close();
    await Promise.all([admin.close(), sources.stop(), recorder.stop()]);
  };
  try {
    const adminPort = await listen(admin, config.adminHost ?? config.host, config.adminPort);
    log.info({ port: adminPort }, 'admin port is open: /livez, /readyz, /metrics');
    const tls = await whenKnown(sources);
    const server = createWebhookServer({
      tls,
      clientNames: config.clientNames?.split(',').map((name) => name.trim()) ?? [],
      dependencies: {
        catalogue: profiles.catalogue,
        cluster: clusterState.state,
        namespaces,
        metrics,
        log,
        onDecision: recorder.record,
        judgeResource: sources.judgeResource,
      },
      metrics,
      isOpen: isPathOpen,
      draining: () => state === 'draining',
      maxConnections: maxConnectionsHere(),
    });
    webhook = server;
    const port = await listen(server, config.host, config.port);
    await certificates.attach({ host: config.host, port, use: (next) => replaceCertificate(server, next) });
    state = 'serving';
    startChecks(config, sources, log);
    log.info({ port, namespaces: namespaces.status().size, version: VERSION }, 'webhook port is open');
  } catch (error) {
    await close();
    throw error;
  }
  return {
    register: async () => registration?.add(),
    close: async () => {
      await registration?.remove();
      await close();
    },
    drain: async () => {
      state = 'draining';
      // Before anything else: once it is deleted, the API server soon stops to call.
      await registration?.remove();
      await sleep(systemClock, config.drainSeconds * 1000);
      await close();
      log.info({}, 'stopped');
    },
  };
}

/** Starts what no review waits for. */
function startChecks({ webhookConfiguration }: Config, { audits, resourceStatus, client }: Sources, log: Logger): void {
  audits?.start();
  resourceStatus?.start();
  void warnOfOtherReleases(client, webhookConfiguration, log);
}
