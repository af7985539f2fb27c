import { imageLookup } from '../../api/image-lookup.ts';
import { ConfigMapWatch } from '../../cluster/caches/config-map.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { objectNameIn } from '../../cluster/object-name.ts';
import type { Config } from '../../config/config.ts';
import { millisecondsOf } from '../../config/value-kinds.ts';
import type { FactsSource } from '../../images/facts-source.ts';
import type { ClusterState } from '../../kubernetes/cluster-state.ts';
import type { Logger } from '../../lib/logger.ts';
import { UsageError } from '../../lib/usage-error.ts';
import type { ClusterStateSource } from '../cluster-watches.ts';

/**
 * Adds facts about images to what is known of the cluster, if a setting names their ConfigMap. `stop` ends only this watch. Throws a UsageError if there
 * is no cluster for it.
 */
export async function openImageFacts(
  { imageFacts: configMap, imageFactsMaxAge }: Pick<Config, 'imageFacts' | 'imageFactsMaxAge'>,
  client: KubeClient | undefined,
  source: ClusterStateSource,
  logger: Logger,
): Promise<ClusterStateSource> {
  if (configMap === undefined) return { ...source, stop: () => Promise.resolve() };
  if (!client) throw new UsageError(['imageFacts requires a cluster: not running in a pod, and no kubeconfig given']);
  // Loaded on demand: a server without facts needs no schema.
  const { imagesIn, NO_FACTS, readFactsTexts } = await import('../../images/facts-source.ts');
  const age = { maxAgeMs: millisecondsOf(imageFactsMaxAge), now: Date.now };
  let last = NO_FACTS;
  let imageFacts: NonNullable<ClusterState['imageFacts']> = imageLookup([], age);
  const watch = new ConfigMapWatch<FactsSource>(client, {
    ...objectNameIn(configMap),
    read: (data) => {
      last = readFactsTexts(data, last);
      return last;
    },
    onChange: (facts) => {
      imageFacts = imageLookup(imagesIn(facts), age);
      logger.info({ images: imagesIn(facts).length }, `facts about images have changed (ConfigMap ${configMap})`);
      for (const problem of facts.problems) logger.warn({}, `ConfigMap ${configMap}: ${problem}`);
    },
    logger,
  }).start();
  return {
    ...source,
    state: () => ({ ...source.state(), imageFacts }),
    caches: () => ({ ...source.caches(), 'image-facts': watch.status() }),
    whenTried: async () => {
      await Promise.all([source.whenTried(), watch.whenTried()]);
    },
    notes: () => [
      ...source.notes(),
      ...(watch.status().synced ? [] : ['the facts about images have not been read yet']),
      ...watch.value().problems.map((problem) => `ConfigMap ${configMap}: ${problem}`),
    ],
    stop: () => watch.stop(),
  };
}
