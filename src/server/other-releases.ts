import { isForbidden } from '../cluster/client/errors.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { readOnce } from '../cluster/one-shot.ts';
import { WEBHOOK_CONFIGURATIONS } from '../cluster/webhook-configuration/entries.ts';
import { overlappingReleases } from '../diagnostics/overlapping-releases.ts';
import { objectsIn } from '../lib/json.ts';
import type { Logger } from '../lib/logger.ts';

/** Warns if another release serves the same namespaces as this one, once. Needs list of webhook configurations; without it, nothing is said. */
export async function warnOfOtherReleases(
  client: KubeClient | undefined,
  name: string | undefined,
  logger: Logger,
): Promise<void> {
  if (!client || name === undefined) return;
  const answer = await readOnce(client, WEBHOOK_CONFIGURATIONS);
  if (answer.kind !== 'ok') {
    if (!isForbidden(answer)) logger.info({}, 'whether another release serves the same namespaces could not be read');
    return;
  }
  for (const { configurations, namespaces } of overlappingReleases(objectsIn(answer.body, 'items'))) {
    if (!configurations.includes(name)) continue;
    const others = configurations.filter((one) => one !== name);
    const message = `${others.join(', ')} also serves ${namespaces}: give one of the releases a revision, or uninstall it`;
    logger.warn({ webhookConfiguration: name }, message);
  }
}
