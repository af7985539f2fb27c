import type { IncomingMessage } from 'node:http';
import { parseWebhookPath } from '../api/paths.ts';

/** A path that leads nowhere. */
const UNKNOWN = '/';

/**
 * The request target for the router: unchanged for the exact spelling of a path of the webhook port, with or without a query. A router would also
 * accept other spellings: percent-encoded, with a host, or with a fragment.
 */
export function routedUrl({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  return parseWebhookPath(pathOf(url)) && !url.includes('#') ? url : UNKNOWN;
}

/** The path of a request target, without its query. */
export function pathOf(url: string): string {
  const [path = ''] = url.split('?', 1);
  return path;
}
