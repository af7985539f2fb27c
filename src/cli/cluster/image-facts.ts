import { imageLookup } from '../../api/image-lookup.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { isNotFound } from '../../cluster/client/errors.ts';
import { objectNameIn } from '../../cluster/object-name.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import type { DecisionOptions } from '../../config/decision-options.ts';
import { millisecondsOf } from '../../config/value-kinds.ts';
import { imagesIn, readFactsTexts } from '../../images/facts-source.ts';
import type { ClusterState } from '../../kubernetes/cluster-state.ts';
import { objectIn } from '../../lib/json.ts';

/**
 * The facts about images that the server watches. A server whose ConfigMap does not exist knows of no image; of one that could not be read here, this
 * command cannot say what the server knows.
 */
export async function readClusterFacts(
  client: KubeClient,
  { imageFacts: at, imageFactsMaxAge }: DecisionOptions,
): Promise<ClusterState['imageFacts']> {
  if (at === undefined) return undefined;
  const { namespace, name } = objectNameIn(at);
  const answer = await readOnce(client, `/api/v1/namespaces/${namespace}/configmaps/${name}`);
  if (answer.kind !== 'ok' && !isNotFound(answer)) return () => 'unreadable';
  const data = answer.kind === 'ok' ? objectIn(answer.body, 'data') : {};
  const age = { maxAgeMs: millisecondsOf(imageFactsMaxAge), now: Date.now };
  return imageLookup(imagesIn(readFactsTexts(data)), age);
}
