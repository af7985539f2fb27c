import type { Logger } from 'pino';
import type { Cache } from '../cluster/caches/cache.ts';
import { ConfigMapKeys } from '../cluster/caches/config-map-keys.ts';
import type { NamespaceSource } from '../cluster/caches/namespaces.ts';
import { Nodes } from '../cluster/caches/nodes.ts';
import { Claims, volumeLookup } from '../cluster/caches/persistent-volume-claims.ts';
import { Quotas } from '../cluster/caches/quotas.ts';
import { ServerVersion } from '../cluster/caches/server-version.ts';
import { NEW_CLAIM, Volumes } from '../cluster/caches/volumes.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import type { ReflectorStatus } from '../cluster/watch/reflector.ts';
import { assumedClusterState } from '../config/catalogue.ts';
import type { Config } from '../config/config.ts';
import { type CheckName, checksIn } from '../config/checks.ts';
import type { ClusterState } from '../kubernetes/cluster-state.ts';
import { UsageError } from '../lib/usage-error.ts';

export interface ClusterStateSource {
  /** Current state, from memory: no I/O. */
  readonly state: () => ClusterState;
  /** Resolves within seconds, once the cluster was asked for everything, successfully or not. */
  readonly whenTried: () => Promise<void>;
  readonly notes: () => readonly string[];
  readonly configMaps: () => number | undefined;
  readonly caches: () => Readonly<Record<string, ReflectorStatus>>;
  readonly stop: () => Promise<void>;
}

/** Starts the watches that the settings enable. Throws a UsageError if they require a cluster and there is none. */
export function openClusterState(
  config: Config,
  client: KubeClient | undefined,
  namespaces: Pick<NamespaceSource, 'status'>,
  logger: Logger,
): ClusterStateSource {
  if (config.configMapKeys && !client)
    throw new UsageError(['configMapKeys requires a cluster: not running in a pod, and no kubeconfig given']);
  const { kubernetes, podSecurityDefault } = assumedClusterState(config);
  const version =
    client && !kubernetes
      ? new ServerVersion({ client, logger, reconnects: () => namespaces.status().restarts })
      : undefined;
  const keys = client && config.configMapKeys ? new ConfigMapKeys(client, { logger }).start() : undefined;
  const checks = openChecks(config, client, logger);
  const tried = Promise.all([version?.start().whenTried(), checks.whenTried()]);
  const caches = (): Readonly<Record<string, ReflectorStatus>> => ({
    ...(keys && { configmaps: keys.status() }),
    ...checks.status(),
  });
  return {
    state: () => ({
      kubernetes: kubernetes ?? version?.get(),
      configMapKeys: (namespace, name) => keys?.get(namespace, name),
      ...(podSecurityDefault && { podSecurityDefault }),
      ...checks.state,
    }),
    whenTried: async () => {
      await tried;
    },
    notes: () =>
      Object.entries(caches())
        .filter(([, { synced }]) => !synced)
        .map(([resource, status]) => noteOf(resource, status)),
    configMaps: () => keys?.status().size,
    caches,
    stop: async () => {
      await Promise.all([version?.stop(), keys?.stop(), checks.stop()]);
    },
  };
}

type CheckedState = Pick<ClusterState, 'claim' | 'newVolume' | 'quotas' | 'limitRanges' | 'nodes'>;

function openChecks(
  config: Config,
  client: KubeClient | undefined,
  logger: Logger,
): Cache & { readonly state: CheckedState } {
  if (!client) return { state: {}, ...together([]) };
  const enabled = checksIn(config);
  const start = <T extends Cache & { readonly start: () => T }>(check: CheckName, make: () => T): T | undefined =>
    enabled.has(check) ? make().start() : undefined;
  const volumes = start('volumes', () => new Volumes(client, { logger }));
  const lookup = volumes && volumeLookup((claim) => volumes.of(claim), client);
  const claims = start('claims', () => new Claims(client, { logger }, lookup));
  const quotas = start('quotas', () => new Quotas(client, { logger }));
  const nodes = start('nodes', () => new Nodes(client, { logger }));
  return {
    state: {
      ...(claims && { claim: (namespace, name) => claims.get(namespace, name) }),
      ...(volumes && { newVolume: (storageClass) => volumes.of({ ...NEW_CLAIM, storageClass }) }),
      ...(quotas && {
        quotas: (namespace) => quotas.left(namespace),
        limitRanges: (namespace) => quotas.limits(namespace),
      }),
      ...(nodes && { nodes: () => nodes.facts() }),
    },
    ...together([claims, volumes, quotas, nodes].filter((cache) => cache !== undefined)),
  };
}

function together(caches: readonly Cache[]): Cache {
  return {
    status: () => Object.fromEntries(caches.flatMap((cache) => Object.entries(cache.status()))),
    whenTried: async () => {
      await Promise.all(caches.map((cache) => cache.whenTried()));
    },
    stop: async () => {
      await Promise.all(caches.map((cache) => cache.stop()));
    },
  };
}

function noteOf(resource: string, { problem }: ReflectorStatus): string {
  const what = resource === 'configmaps' ? 'the keys of ConfigMaps' : `the ${resource} of the cluster`;
  return `${what} have not been read yet${problem === undefined ? '' : ` (${problem})`}`;
}
