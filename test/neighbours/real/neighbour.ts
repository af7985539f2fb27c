import type { WebhookEntry } from '../../e2e/webhook.ts';
import type { Running } from './program.ts';

/** Another injector that runs, and how it is registered. */
export interface Neighbour {
  /** The name of its MutatingWebhookConfiguration, which decides when it is called. */
  readonly configuration: string;
  /** Its entry for pods, as it is installed. */
  readonly entry: WebhookEntry;
  readonly url: string;
  readonly ca: string;
  readonly running: Running;
}

/** The entry of the only MutatingWebhookConfiguration among the objects that is called on this path. */
export function entryAt(objects: readonly object[], path: string): WebhookEntry {
  const entries = (objects as readonly { readonly kind?: string; readonly webhooks?: readonly WebhookEntry[] }[])
    .filter(({ kind }) => kind === 'MutatingWebhookConfiguration')
    .flatMap(({ webhooks = [] }) => webhooks);
  const entry = entries.find(({ clientConfig }) => clientConfig.service?.path === path);
  if (!entry) throw new Error(`no entry for ${path}`);
  return entry;
}
