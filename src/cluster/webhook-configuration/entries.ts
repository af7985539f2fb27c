import { isObject, type JsonObject } from '../../lib/json.ts';
import { describeFailure } from '../client/errors.ts';
import { asQuery } from '../client/query.ts';
import type { KubeClient } from '../client/types.ts';

export const WEBHOOK_CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';

export function webhooksOf(configuration: JsonObject): readonly JsonObject[] {
  const { webhooks } = configuration;
  return Array.isArray(webhooks) ? webhooks.filter(isObject) : [];
}

/** caBundle of an entry, PEM; empty where there is none. */
export function pemOf(webhook: JsonObject): string {
  const bundle = isObject(webhook['clientConfig']) ? webhook['clientConfig']['caBundle'] : undefined;
  return typeof bundle === 'string' ? Buffer.from(bundle, 'base64').toString() : '';
}

export type Bundles =
  | { readonly kind: 'found'; readonly bundles: readonly { readonly entry: string; readonly pem: string }[] }
  | { readonly kind: 'failed'; readonly why: string };

/** caBundle of each entry of one configuration. Asked for as a list, because the server may list it and need not get it. */
export async function readBundles(cluster: KubeClient, name: string): Promise<Bundles> {
  const query = asQuery({ fieldSelector: `metadata.name=${name}` });
  const answer = await cluster.getJson(`${WEBHOOK_CONFIGURATIONS}?${query}`, {
    timeoutMs: 10_000,
    maxBytes: 8 * 1024 * 1024,
  });
  if (answer.kind !== 'ok')
    return { kind: 'failed', why: `MutatingWebhookConfiguration ${name}: ${describeFailure(answer)}` };
  const { items } = answer.body;
  const found = Array.isArray(items) ? items.find(isObject) : undefined;
  if (!found) return { kind: 'failed', why: `there is no MutatingWebhookConfiguration ${name}` };
  return {
    kind: 'found',
    bundles: webhooksOf(found).map((webhook) => ({
      entry: typeof webhook['name'] === 'string' ? webhook['name'] : '',
      pem: pemOf(webhook),
    })),
  };
}
