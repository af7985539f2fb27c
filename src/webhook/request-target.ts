import type { IncomingMessage } from 'node:http';
import { MUTATE_PATH, REQUIRED_PATH } from '../api/paths.ts';

const KNOWN = new Set([MUTATE_PATH, REQUIRED_PATH]);

/** A path that leads nowhere. */
const UNKNOWN = '/';

/**
 * The request target for the router: unchanged for the exact spelling of a known path, with or without a query. A router would also accept other
 * spellings: percent-encoded, with a host, or with a fragment.
 */
export function routedUrl({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  const [path = ''] = url.split('?', 1);
  return KNOWN.has(path) && !url.includes('#') ? url : UNKNOWN;
}
