import { ApiError, type Client, type KubeObject } from '../support/client.ts';
import { waitFor } from '../support/wait-for.ts';

export interface WebhookOptions {
  /**
   * Name of the configuration, `agent-injector` by default. The API server calls mutating webhooks in the order of these names, so a webhook
   * that is called later is named `zz-…`.
   */
  readonly name?: string;
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly failurePolicy?: 'Ignore' | 'Fail';
  readonly reinvocationPolicy?: 'Never' | 'IfNeeded';
  /** The entry of another product. Its client and its reinvocationPolicy are replaced, and the rest is as it is. */
  readonly entry?: WebhookEntry;
}

/** An entry of a MutatingWebhookConfiguration. */
export interface WebhookEntry {
  readonly name: string;
  readonly clientConfig: { readonly service?: { readonly path?: string } };
  readonly [field: string]: unknown;
}

export interface RegisteredWebhook {
  /** Calls of the webhook with any result, counted by the API server. */
  readonly calls: () => Promise<number>;
  /** Deletes the configuration, and waits until the API server no longer calls the webhook. */
  readonly remove: () => Promise<void>;
}

const DEFAULT_NAME = 'agent-injector';
const PROBE_NAMESPACE = 'webhook-probe';
const INJECTION_LABEL = 'agent-injector.io/injection';

/** A configuration with one entry, which most tests use. */
export function webhookConfiguration({
  name = DEFAULT_NAME,
  url,
  ca,
  failurePolicy = 'Ignore',
  reinvocationPolicy = 'IfNeeded',
  entry,
}: WebhookOptions): KubeObject {
  const clientConfig = { url, caBundle: Buffer.from(ca).toString('base64') };
  const configuration = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
  };
  if (entry) return { ...configuration, webhooks: [{ ...entry, clientConfig, reinvocationPolicy }] };
  return {
    ...configuration,
    webhooks: [
      {
        name: entryName(name),
        clientConfig,
        rules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' },
        ],
        namespaceSelector: {
          matchExpressions: [{ key: INJECTION_LABEL, operator: 'In', values: ['enabled', 'required'] }],
        },
        objectSelector: { matchExpressions: [{ key: INJECTION_LABEL, operator: 'NotIn', values: ['disabled'] }] },
        failurePolicy,
        reinvocationPolicy,
        sideEffects: 'None',
        timeoutSeconds: 5,
        admissionReviewVersions: ['v1'],
      },
    ],
  };
}

/**
 * Registers a webhook, and waits until the API server gets an answer from it: the API server applies a configuration some time after it has
 * stored it. The calls are caused by dry runs in the namespace `webhook-probe`, which tests that count reviews exclude.
 */
export async function registerWebhook(client: Client, options: WebhookOptions): Promise<RegisteredWebhook> {
  const name = options.name ?? DEFAULT_NAME;
  const entry = options.entry?.name ?? entryName(name);
  await createProbeNamespace(client);
  const before = await countCalls(client, entry);
  await client.create(webhookConfiguration(options));
  await waitFor(`the API server to get an answer from webhook ${name}`, async () => {
    await probe(client);
    const { answered, failed } = await countCalls(client, entry);
    if (answered > before.answered) return true;
    throw new Error(`${failed - before.failed} calls failed, see kube-apiserver.log`);
  });
  return {
    calls: async () => {
      const { answered, failed } = await countCalls(client, entry);
      return answered + failed;
    },
    remove: async () => {
      await client.delete({ kind: 'MutatingWebhookConfiguration', name });
      await waitFor(`the API server to stop calling webhook ${name}`, async () => {
        const last = await countCalls(client, entry);
        await probe(client);
        const now = await countCalls(client, entry);
        return now.answered === last.answered && now.failed === last.failed;
      });
    },
  };
}

function entryName(name: string): string {
  // The API server requires at least three parts.
  return `${name}.agent-injector.io`;
}

async function createProbeNamespace(client: Client): Promise<void> {
  try {
    const labels = { [INJECTION_LABEL]: 'enabled', 'pod-security.kubernetes.io/enforce': 'privileged' };
    await client.createNamespace(PROBE_NAMESPACE, { labels });
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
  }
}

async function probe(client: Client): Promise<void> {
  const metadata = { generateName: 'probe-', namespace: PROBE_NAMESPACE };
  const spec = { containers: [{ name: 'probe', image: 'probe' }] };
  await client.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec }, { dryRun: true });
}

/** Reads the metrics of the API server, in which any code but 200 is a failed call. */
async function countCalls(
  client: Client,
  entry: string,
): Promise<{ readonly answered: number; readonly failed: number }> {
  const { body } = await client.request('GET', '/metrics');
  let answered = 0;
  let failed = 0;
  for (const [, labels = '', value] of String(body).matchAll(
    /^apiserver_admission_webhook_request_total\{(.*)\} (\d+)$/gm,
  )) {
    if (!labels.includes(`name="${entry}"`)) continue;
    if (labels.includes('code="200"')) answered += Number(value);
    else failed += Number(value);
  }
  return { answered, failed };
}
