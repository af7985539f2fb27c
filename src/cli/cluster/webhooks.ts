import type { KubeClient } from '../../cluster/client/types.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import { WEBHOOK_CONFIGURATIONS } from '../../cluster/webhook-configuration/entries.ts';
import { type JsonObject, objectsIn } from '../../lib/json.ts';

/** All webhook configurations of the cluster; undefined if they cannot be read. */
export async function readWebhookConfigurations(client: KubeClient): Promise<readonly JsonObject[] | undefined> {
  const answer = await readOnce(client, WEBHOOK_CONFIGURATIONS);
  return answer.kind === 'ok' ? objectsIn(answer.body, 'items') : undefined;
}
