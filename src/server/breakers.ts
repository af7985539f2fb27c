import { BreakerWatch } from '../cluster/caches/breakers.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { objectNameIn } from '../cluster/object-name.ts';
import type { Config } from '../config/config.ts';
import type { ClusterState } from '../kubernetes/cluster-state.ts';
import type { Logger } from '../lib/logger.ts';
import { UsageError } from '../lib/usage-error.ts';
import type { ClusterStateSource } from './cluster-watches.ts';

/**
 * Adds the circuit breakers to what is known of the cluster, if a setting names their ConfigMap. `stop` ends only this watch. Throws a UsageError if
 * there is no cluster for it.
 */
export function openBreakers(
  { breaker }: Pick<Config, 'breaker'>,
  client: KubeClient | undefined,
  source: ClusterStateSource,
  logger: Logger,
): ClusterStateSource {
  if (breaker === undefined) return { ...source, stop: () => Promise.resolve() };
  if (!client) throw new UsageError(['breaker requires a cluster: not running in a pod, and no kubeconfig given']);
  const watch = new BreakerWatch(client, { ...objectNameIn(breaker), logger }).start();
  const breakers: ClusterState['breakers'] = (of) => watch.stoppingIn(of);
  return {
    ...source,
    state: () => ({ ...source.state(), breakers }),
    caches: () => ({ ...source.caches(), breakers: watch.status() }),
    whenTried: async () => {
      await Promise.all([source.whenTried(), watch.whenTried()]);
    },
    notes: () => [...source.notes(), ...(watch.status().synced ? [] : ['the circuit breakers have not been read yet'])],
    stop: () => watch.stop(),
  };
}
