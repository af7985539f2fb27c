import type { JsonObject } from '../../lib/json.ts';
import { type KubeClient, METADATA_LIST } from '../client/types.ts';
import type { Interruption } from './backoff.ts';
import { readPage } from './watch-event.ts';

const MAX_PAGE_BYTES = 32 * 1024 * 1024;

const MAX_PAGE_ITEMS = 500;

/** A page of so few objects fits in MAX_PAGE_BYTES even if each has the largest size that etcd accepts. */
const MIN_PAGE_ITEMS = 20;

/** Bounds a list whose server always returns one more page. */
const MAX_ITEMS = 500_000;

export interface PagedListOptions {
  readonly client: KubeClient;
  readonly path: string;
  readonly metadataOnly: boolean;
  readonly selector: Readonly<Record<string, string>>;
  readonly pageItems?: number;
}

export interface ListRequest {
  /** Of each page. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onRequest: () => void;
  /** The next page is requested once this has resolved. */
  readonly onPage: (items: readonly JsonObject[]) => void | Promise<void>;
}

/** Reads a collection page by page. A page that is too large reduces the page size for good. */
export class PagedList {
  readonly #options: PagedListOptions;
  readonly #maxPages: number;
  #pageItems: number;

  constructor(options: PagedListOptions) {
    this.#options = options;
    this.#pageItems = options.pageItems ?? MAX_PAGE_ITEMS;
    this.#maxPages = Math.ceil(MAX_ITEMS / this.#pageItems);
  }

  /** Passes all pages to `onPage` and returns the version of the list, or what interrupted it: then the pages so far must be discarded. */
  async read(request: ListRequest): Promise<{ kind: 'listed'; version: string } | Interruption> {
    const { timeoutMs, signal, onRequest, onPage } = request;
    const { client, path, metadataOnly, selector } = this.#options;
    let next = '';
    for (let pages = 0; pages < this.#maxPages; pages += 1) {
      // No resourceVersion: the most recent state, not what the cache of some API server still holds.
      const query = new URLSearchParams({ ...selector, limit: String(this.#pageItems) });
      if (next !== '') query.set('continue', next);
      onRequest();
      // oxlint-disable-next-line no-await-in-loop -- the token of a page is in the previous page
      const response = await client.getJson(`${path}?${query.toString()}`, {
        timeoutMs,
        maxBytes: MAX_PAGE_BYTES,
        signal,
        accept: metadataOnly ? METADATA_LIST : 'application/json',
      });
      if (response.kind === 'too-large') this.#pageItems = Math.max(MIN_PAGE_ITEMS, Math.floor(this.#pageItems / 5));
      if (response.kind !== 'ok') return { kind: 'failed', failure: response };
      const page = readPage(response.body);
      if (page === undefined) return { kind: 'protocol', message: 'the response of the API server is not a list' };
      // oxlint-disable-next-line no-await-in-loop -- only one page at a time is in memory
      await onPage(page.items);
      if (page.next === '') return { kind: 'listed', version: page.version };
      next = page.next;
    }
    return { kind: 'protocol', message: `the API server sent a list of more than ${this.#maxPages} pages` };
  }
}
