import { type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import type { Result } from '../../lib/result.ts';
import { describeFailure } from '../client/errors.ts';
import type { KubeClient } from '../client/types.ts';

export const WEBHOOK_CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';

export function webhooksOf(configuration: JsonObject): readonly JsonObject[] {
  return objectsIn(configuration, 'webhooks');
}

export function caBundleOf(webhook: JsonObject): string {
  return Buffer.from(textIn(objectIn(webhook, 'clientConfig'), 'caBundle'), 'base64').toString();
}

interface EntryBundle {
  readonly entry: string;
  readonly pem: string;
}

/** Reads the caBundle of each entry of one configuration. It is listed, because the server's role allows list of it, but not get. */
export async function readBundles(client: KubeClient, name: string): Promise<Result<readonly EntryBundle[], string>> {
  const query = new URLSearchParams({ fieldSelector: `metadata.name=${name}` });
  const response = await client.getJson(`${WEBHOOK_CONFIGURATIONS}?${query.toString()}`, {
    timeoutMs: 10_000,
    maxBytes: 8 * 1024 * 1024,
  });
  if (response.kind !== 'ok')
    return { ok: false, error: `MutatingWebhookConfiguration ${name}: ${describeFailure(response)}` };
  const [found] = objectsIn(response.body, 'items');
  if (!found) return { ok: false, error: `MutatingWebhookConfiguration ${name} does not exist` };
  return {
    ok: true,
    value: webhooksOf(found).map((webhook) => ({ entry: textIn(webhook, 'name'), pem: caBundleOf(webhook) })),
  };
}
