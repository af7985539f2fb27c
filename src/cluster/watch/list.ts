import type { JsonObject } from '../../lib/json.ts';
import { type ApiResponse, type KubeClient, METADATA_LIST } from '../client/types.ts';
import type { Interruption } from './backoff.ts';
import { keyOf, readPage } from './watch-event.ts';

/** Bounds the transfer, not the memory: one object at a time is parsed. 500 namespaces with the most annotations have 130 MB. */
const MAX_PAGE_BYTES = 256 * 1024 * 1024;

const MAX_PAGE_ITEMS = 500;

/** A page of so few objects arrives in time even if each has the largest size that etcd accepts. */
const MIN_PAGE_ITEMS = 20;

/** Bounds a list whose server always returns one more page. */
const MAX_ITEMS = 500_000;

/** Failures that a smaller page avoids. */
const TOO_MUCH: ReadonlySet<ApiResponse['kind']> = new Set(['too-large', 'timeout']);

export interface PagedListOptions {
  readonly client: KubeClient;
  readonly path: string;
  readonly metadataOnly: boolean;
  readonly selector: Readonly<Record<string, string>>;
  readonly pageItems?: number;
  /** Asks for compressed pages: a tenth of the transfer, for some of the processors of both sides. */
  readonly compressed?: boolean;
}

export interface ListRequest {
  /** Of each page. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onRequest: () => void;
  /** The next object is read once this has resolved. The list may still fail: then what was received must be discarded. */
  readonly onItem: (item: JsonObject) => void | Promise<void>;
  /** Called after the last object of each page. */
  readonly onPage?: () => void;
}

/** Reads a collection page by page, one object at a time. A page that is too large or too slow reduces the page size for good. */
export class PagedList {
  readonly #options: PagedListOptions & { readonly compressed: boolean };
  #pageItems: number;

  constructor(options: PagedListOptions) {
    this.#options = { compressed: false, ...options };
    this.#pageItems = options.pageItems ?? MAX_PAGE_ITEMS;
  }

  /** Passes all objects to `onItem` and returns the version of the list, or what interrupted it: then the objects so far must be discarded. */
  async read(request: ListRequest): Promise<{ kind: 'listed'; version: string } | Interruption> {
    const { timeoutMs, signal, onRequest, onItem, onPage } = request;
    let isNamed = true;
    const { client, path, metadataOnly, selector, compressed } = this.#options;
    const maxPages = Math.ceil(MAX_ITEMS / this.#pageItems);
    let next = '';
    for (let pages = 0; pages < maxPages; pages += 1) {
      // No resourceVersion: the most recent state, not what the cache of some API server still holds.
      const query = new URLSearchParams({ ...selector, limit: String(this.#pageItems) });
      if (next !== '') query.set('continue', next);
      onRequest();
      // oxlint-disable-next-line no-await-in-loop -- the token of a page is in the previous page
      const response = await client.getItems(`${path}?${query.toString()}`, {
        timeoutMs,
        maxBytes: MAX_PAGE_BYTES,
        signal,
        compressed,
        accept: metadataOnly ? METADATA_LIST : 'application/json',
        onItem: (item) => {
          isNamed &&= keyOf(item) !== '';
          return isNamed ? onItem(item) : undefined;
        },
      });
      if (TOO_MUCH.has(response.kind)) this.#pageItems = Math.max(MIN_PAGE_ITEMS, Math.floor(this.#pageItems / 5));
      if (response.kind !== 'ok') return { kind: 'failed', failure: response };
      const page = readPage(response.body);
      if (page === undefined || !isNamed)
        return { kind: 'protocol', message: 'the response of the API server is not a list' };
      onPage?.();
      if (page.next === '') return { kind: 'listed', version: page.version };
      next = page.next;
    }
    return { kind: 'protocol', message: `the API server sent a list of more than ${maxPages} pages` };
  }
}
