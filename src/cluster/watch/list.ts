import type { JsonObject } from '../../lib/json.ts';
import { asQuery } from '../client/query.ts';
import { type KubeClient, METADATA_LIST } from '../client/types.ts';
import type { Interruption } from './backoff.ts';
import { readPage } from './watch-event.ts';

const MAX_PAGE_BYTES = 32 * 1024 * 1024;

const MAX_PAGE_ITEMS = 500;

/** A page of so few objects fits in MAX_PAGE_BYTES even when each is as large as etcd takes. */
const MIN_PAGE_ITEMS = 20;

/** Ends a list whose server always has one more page. */
const MAX_ITEMS = 500_000;

export interface PagedListOptions {
  readonly cluster: KubeClient;
  /** The collection: `/api/v1/namespaces`. */
  readonly path: string;
  readonly metadataOnly: boolean;
  /** Goes into the query of each page. */
  readonly selector: Readonly<Record<string, string>>;
  /** How many to ask for at once. */
  readonly pageItems?: number;
}

export interface Reading {
  /** For one page. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onRequest: () => void;
  /** The next page is asked for when it is done with this one. */
  readonly onPage: (items: readonly JsonObject[]) => void | Promise<void>;
}

/** Reads a collection page by page. Pages that are too large are asked for smaller, and stay so. */
export class PagedList {
  private readonly options: PagedListOptions;
  private readonly maxPages: number;
  private pageItems: number;

  constructor(options: PagedListOptions) {
    this.options = options;
    this.pageItems = options.pageItems ?? MAX_PAGE_ITEMS;
    this.maxPages = Math.ceil(MAX_ITEMS / this.pageItems);
  }

  /** All pages to `onPage`, then the version of the whole list; or what interrupted it, and the pages so far are of no use. */
  async read({
    timeoutMs,
    signal,
    onRequest,
    onPage,
  }: Reading): Promise<{ kind: 'listed'; version: string } | Interruption> {
    const { cluster, path, metadataOnly, selector } = this.options;
    let next = '';
    for (let pages = 0; pages < this.maxPages; pages += 1) {
      // No resourceVersion: the most recent state, not what some API server's cache still holds.
      const query = asQuery({ ...selector, limit: this.pageItems, ...(next === '' ? {} : { continue: next }) });
      onRequest();
      // oxlint-disable-next-line no-await-in-loop -- a page's token is in the page before
      const answer = await cluster.getJson(`${path}?${query}`, {
        timeoutMs,
        maxBytes: MAX_PAGE_BYTES,
        signal,
        accept: metadataOnly ? METADATA_LIST : 'application/json',
      });
      if (answer.kind === 'too-large') this.pageItems = Math.max(MIN_PAGE_ITEMS, Math.floor(this.pageItems / 5));
      if (answer.kind !== 'ok') return { kind: 'failed', failure: answer };
      const page = readPage(answer.body);
      if (page === undefined) return { kind: 'protocol', message: 'the API server sent something that is no list' };
      // oxlint-disable-next-line no-await-in-loop -- so that one page at a time is in memory
      await onPage(page.items);
      if (page.next === '') return { kind: 'listed', version: page.version };
      next = page.next;
    }
    return { kind: 'protocol', message: `the API server sent a list of more than ${this.maxPages} pages` };
  }
}
