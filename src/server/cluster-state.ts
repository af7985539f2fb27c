import type { Logger } from 'pino';
import type { Cache } from '../cluster/caches/cache.ts';
import { ConfigMapKeys } from '../cluster/caches/config-map-keys.ts';
import type { NamespaceSource } from '../cluster/caches/namespaces.ts';
import { Claims } from '../cluster/caches/persistent-volume-claims.ts';
import { Quotas } from '../cluster/caches/quotas.ts';
import { ServerVersion } from '../cluster/caches/server-version.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import type { ReflectorStatus } from '../cluster/watch/reflector.ts';
import { clusterStateFromFiles } from '../config/catalogue.ts';
import type { Config } from '../config/config.ts';
import type { CheckName } from '../config/options.ts';
import type { ClusterState as Facts } from '../kubernetes/cluster-state.ts';
import { UsageError } from '../lib/usage-error.ts';

/** What is known of the cluster besides its namespaces, kept up to date. */
export interface ClusterStateSource {
  /** What is known at this moment, from memory: no I/O. */
  readonly facts: () => Facts;
  /** Resolves when the cluster has been asked once, whatever it said: within seconds. */
  readonly whenAsked: () => Promise<void>;
  /** What is not known though it should be, a line each. */
  readonly notes: () => readonly string[];
  /** How many ConfigMaps are known; undefined where nobody asks for them. */
  readonly configMaps: () => number | undefined;
  /** What is watched of the cluster besides its namespaces, by the name of the resource. */
  readonly caches: () => Readonly<Record<string, ReflectorStatus>>;
  readonly stop: () => Promise<void>;
}

/** The facts that the settings ask for. Throws a UsageError when they need a cluster, and there is none. */
export function openClusterState(
  config: Config,
  cluster: KubeClient | undefined,
  namespaces: Pick<NamespaceSource, 'status'>,
  logger: Logger,
): ClusterStateSource {
  if (config.configMapKeys && !cluster)
    throw new UsageError(['configMapKeys needs a cluster: this is no pod, and no kubeconfig is given']);
  const { kubernetes } = clusterStateFromFiles(config);
  const version =
    cluster && !kubernetes
      ? new ServerVersion({ client: cluster, logger, reconnects: () => namespaces.status().restarts })
      : undefined;
  const keys = cluster && config.configMapKeys ? new ConfigMapKeys(cluster, { logger }).start() : undefined;
  const checks = openChecks(config, cluster, logger);
  const asked = Promise.all([version?.start().whenTried(), checks.whenTried()]);
  const caches = (): Readonly<Record<string, ReflectorStatus>> => ({
    ...(keys && { configmaps: keys.status() }),
    ...checks.status(),
  });
  return {
    facts: () => ({
      kubernetes: kubernetes ?? version?.get(),
      configMapKeys: (namespace, name) => keys?.get(namespace, name),
      ...checks.facts,
    }),
    whenAsked: async () => {
      await asked;
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

/** What is watched so that no pod is made to wait: the facts that come of it, where somebody wants them. */
function openChecks(
  config: Config,
  cluster: KubeClient | undefined,
  logger: Logger,
): Cache & { readonly facts: Pick<Facts, 'claim' | 'quotas' | 'limitRanges'> } {
  const wanted = new Set<string>(cluster ? config.checks.split(',') : []);
  const isWanted = (check: CheckName): boolean => wanted.has(check);
  const claims = cluster && isWanted('claims') ? new Claims(cluster, { logger }).start() : undefined;
  const quotas = cluster && isWanted('quotas') ? new Quotas(cluster, { logger }).start() : undefined;
  return {
    facts: {
      ...(claims && { claim: (namespace, name) => claims.get(namespace, name) }),
      ...(quotas && {
        quotas: (namespace) => quotas.left(namespace),
        limitRanges: (namespace) => quotas.limits(namespace),
      }),
    },
    status: () => ({ ...claims?.status(), ...quotas?.status() }),
    whenTried: async () => {
      await Promise.all([claims?.whenTried(), quotas?.whenTried()]);
    },
    stop: async () => {
      await Promise.all([claims?.stop(), quotas?.stop()]);
    },
  };
}

function noteOf(resource: string, { trouble }: ReflectorStatus): string {
  const what = resource === 'configmaps' ? 'the keys of ConfigMaps are' : `the ${resource} of the cluster are`;
  return `${what} not known yet${trouble === undefined ? '' : ` (${trouble})`}`;
}
