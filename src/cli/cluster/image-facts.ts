import { imageLookup } from '../../api/image-lookup.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { objectNameIn } from '../../cluster/object-name.ts';
import { readConfigMap } from '../../cluster/one-shot.ts';
import type { DecisionOptions } from '../../config/decision-options.ts';
import { millisecondsOf } from '../../config/value-kinds.ts';
import { imagesIn, readFactsTexts } from '../../images/facts-source.ts';
import type { ClusterState } from '../../kubernetes/cluster-state.ts';

/** The facts about images that the server watches, where they may be read. A server whose ConfigMap does not exist knows of no image. */
export async function readClusterFacts(
  client: KubeClient,
  { imageFacts: at, imageFactsMaxAge }: DecisionOptions,
): Promise<ClusterState['imageFacts']> {
  if (at === undefined) return undefined;
  const data = await readConfigMap(client, objectNameIn(at));
  const age = { maxAgeMs: millisecondsOf(imageFactsMaxAge), now: Date.now };
  return imageLookup(data ? imagesIn(readFactsTexts(data)) : [], age);
}
