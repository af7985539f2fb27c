import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { parseVersion, type Cluster as Facts } from '../core/cluster.ts';
import type { Cluster } from '../kube/api.ts';
import { ConfigMapKeys } from '../kube/config-map-keys.ts';
import type { NamespaceSource } from '../kube/namespaces.ts';
import { ServerVersion } from '../kube/server-version.ts';
import { UsageError } from './usage-error.ts';

/** What is known of the cluster besides its namespaces, kept up to date. */
export interface ClusterFacts {
  /** What is known at this moment, from memory: no I/O. */
  readonly facts: () => Facts;
  /** Resolves when the cluster has been asked once, whatever it said: within seconds. */
  readonly whenAsked: () => Promise<void>;
  /** What is not known though it should be, a line each. */
  readonly notes: () => readonly string[];
  /** How many ConfigMaps are known; undefined where nobody asks for them. */
  readonly configMaps: () => number | undefined;
  readonly stop: () => Promise<void>;
}

/** The facts that the settings ask for. Throws a UsageError when they need a cluster, and there is none. */
export function openClusterFacts(
  config: Config,
  cluster: Cluster | undefined,
  namespaces: Pick<NamespaceSource, 'status'>,
  logger: Logger,
): ClusterFacts {
  if (config.configMapKeys && !cluster)
    throw new UsageError(['configMapKeys needs a cluster: this is no pod, and no kubeconfig is given']);
  const { kubernetes } = fixedFacts(config);
  const version =
    cluster && !kubernetes
      ? new ServerVersion({ cluster, logger, reconnects: () => namespaces.status().restarts })
      : undefined;
  const keys = cluster && config.configMapKeys ? new ConfigMapKeys(cluster, { logger }).start() : undefined;
  const asked = version?.start() ?? Promise.resolve();
  return {
    facts: () => ({
      kubernetes: kubernetes ?? version?.get(),
      configMapKeys: (namespace, name) => keys?.get(namespace, name),
    }),
    whenAsked: () => asked,
    notes: () => {
      const status = keys?.status();
      if (!status || status.synced) return [];
      return [`the keys of ConfigMaps are not known yet${status.trouble === undefined ? '' : ` (${status.trouble})`}`];
    },
    configMaps: () => keys?.status().size,
    stop: async () => {
      await Promise.all([version?.stop(), keys?.stop()]);
    },
  };
}

/** What the settings say of a cluster that nobody asks. */
export function fixedFacts({ kubernetes }: Pick<Config, 'kubernetes'>): Facts {
  return {
    kubernetes: kubernetes === undefined ? undefined : parseVersion(kubernetes),
    configMapKeys: () => undefined,
  };
}
