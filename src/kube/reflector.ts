import type { JsonObject } from '../core/json.ts';
import { METADATA, METADATA_LIST, type Cluster } from './api.ts';
import { delayAfter, describeInterruption, isRefused, type BackoffTiming, type Interruption } from './backoff.ts';
import { systemClock, type Clock } from './clock.ts';
import { TroubleLog, type Logger } from './log.ts';
import { asQuery } from './query.ts';
import { isOlder, keyOf, readEvent, readPage } from './watch-event.ts';

export interface ReflectorTiming extends BackoffTiming {
  /** How long one page of a list may take, in ms. */
  readonly pageTimeoutMs: number;
  /** After so many seconds the API server is asked to end the watch, to be followed by the next one from the same version. */
  readonly watchSeconds: number;
  /**
   * Must be longer than `watchSeconds`, in ms. A watch that is silent for so long, and was not ended as asked, is deaf: it is
   * cut. When watches end as asked, but nothing was heard on them for so long, everything is listed again to be sure.
   */
  readonly silenceMs: number;
  /** The longest time between two lists, in ms: what a watch that lies by omission can cost. */
  readonly relistMs: number;
}

/**
 * Bookmarks are no heartbeat: an API server sends one about once a minute and one 2 s before a watch reaches its
 * `timeoutSeconds` (cacher.go), but none at all while its cache stands still (seen on 1.36, idle). That a watch ends on time is
 * one, so watches are short: the price is one request in 30 s, and a connection that went dead is cut after 40 s, which leaves
 * time to be right again within 60 s; with watches of the usual minutes, and bookmarks, it would take longer than 90 s.
 * Delays double up to 10 s: a replica that asks ten times less often than it may is no load, and recovers sooner.
 */
export const defaultTiming: ReflectorTiming = {
  pageTimeoutMs: 10_000,
  watchSeconds: 30,
  silenceMs: 40_000,
  relistMs: 600_000,
  firstDelayMs: 250,
  maxDelayMs: 10_000,
  requestCostMs: 1_000,
};

/** An API server that closes a watch sooner, in ms, even in an orderly way, is not watching. */
const SHORTEST_WATCH_MS = 1_000;
const MAX_PAGE_BYTES = 32 * 1024 * 1024;
const MAX_PAGE_ITEMS = 500;
/** A page of so few objects fits in MAX_PAGE_BYTES even when each is as large as etcd takes. */
const MIN_PAGE_ITEMS = 20;
/** Ends a list whose server always has one more page. */
const MAX_PAGES = 1_000;

export interface ReflectorOptions<T> {
  readonly cluster: Cluster;
  /** The collection: `/api/v1/namespaces`. */
  readonly path: string;
  /** Ask for metadata only. A server that sends whole objects all the same is understood. */
  readonly metadataOnly: boolean;
  /** Of one object's name: where no more than that one may be read. */
  readonly name?: string;
  /** Is called after each change of what is known. It must not throw. */
  readonly onChange?: () => void;
  /** What to keep of an object: it alone stays in memory. It must not throw. */
  readonly keep: (object: JsonObject) => T;
  readonly logger: Logger;
  readonly timing?: Partial<ReflectorTiming>;
  readonly clock?: Clock;
  /** In [0, 1). @default Math.random */
  readonly random?: () => number;
}

export interface ReflectorStatus {
  /** A complete list has been read once; what was read stays, however long the API server is away. */
  readonly synced: boolean;
  readonly size: number;
  /** Since the last page, event, bookmark or watch that ended as asked, in ms; undefined before the first. */
  readonly ageMs: number | undefined;
  /** How often list and watch were begun anew because of trouble. */
  readonly restarts: number;
  /** The trouble at this moment, a sentence fragment; undefined while all is well. */
  readonly trouble: string | undefined;
}

/**
 * Mirrors a collection of the API server: list, then watch, for ever. Invariants: a list replaces the whole set, so deletions
 * that were missed are noticed; the set is never emptied by a failure; whatever the server does, everything is listed again
 * after at most two watches of silence; while failing, requests average one per `requestCostMs`.
 */
export class Reflector<T> {
  private readonly options: ReflectorOptions<T>;
  private readonly timing: ReflectorTiming;
  private readonly clock: Clock;
  private readonly stopping = new AbortController();
  private readonly log: TroubleLog;
  private done: Promise<void> | undefined;
  private set = new Map<string, T>();
  private synced = false;
  private readonly onSynced = new Set<() => void>();
  private version = '';
  private contactAt: number | undefined;
  private heardAt = 0;
  private startedAt = 0;
  private listedAt = 0;
  private requests = 0;
  private failures = 0;
  private restarts = 0;
  private pageItems = MAX_PAGE_ITEMS;
  private trouble: string | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.options = options;
    this.timing = { ...defaultTiming, ...options.timing };
    this.clock = options.clock ?? systemClock;
    this.log = new TroubleLog(options.logger, this.clock);
  }

  /** Begins to list and watch; `stop` ends it. */
  start(): this {
    this.done ??= this.run();
    return this;
  }

  get(key: string): T | undefined {
    return this.set.get(key);
  }

  /** Resolves when the first list has been read: at once if it has; never, should the server never answer. */
  whenSynced(): Promise<void> {
    return this.synced ? Promise.resolve() : new Promise((resolve) => this.onSynced.add(resolve));
  }

  status(): ReflectorStatus {
    const ageMs = this.contactAt === undefined ? undefined : this.clock.now() - this.contactAt;
    return { synced: this.synced, size: this.set.size, ageMs, restarts: this.restarts, trouble: this.trouble };
  }

  /** Resolves when the last request is closed and no timer is left. What was read can still be read. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.done;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.startedAt = this.clock.now();
      this.requests = 0;
      // oxlint-disable-next-line no-await-in-loop -- one cycle after the other is what it is for
      const interruption = (await this.list()) ?? (await this.watchOn());
      if (this.stopping.signal.aborted) return;
      this.note(interruption);
      const elapsedMs = this.clock.now() - this.startedAt;
      const cycle = { interruption, failures: this.failures, requests: this.requests, elapsedMs };
      // oxlint-disable-next-line no-await-in-loop -- the back-off
      await this.pause(delayAfter(cycle, this.timing, (this.options.random ?? Math.random)()));
    }
  }

  /** Reads all pages and replaces the set, or changes nothing and says why. */
  private async list(): Promise<Interruption | undefined> {
    const fresh = new Map<string, T>();
    let next = '';
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      // No resourceVersion: the most recent state, not what some API server's cache still holds.
      const query = asQuery({ ...this.selector(), limit: this.pageItems, ...(next === '' ? {} : { continue: next }) });
      this.requests += 1;
      // oxlint-disable-next-line no-await-in-loop -- a page's token is in the page before
      const answer = await this.options.cluster.getJson(`${this.options.path}?${query}`, {
        timeoutMs: this.timing.pageTimeoutMs,
        maxBytes: MAX_PAGE_BYTES,
        signal: this.stopping.signal,
        accept: this.options.metadataOnly ? METADATA_LIST : 'application/json',
      });
      if (answer.kind === 'too-large') this.pageItems = Math.max(MIN_PAGE_ITEMS, Math.floor(this.pageItems / 5));
      if (answer.kind !== 'ok') return { kind: 'failed', failure: answer };
      const page = readPage(answer.body);
      if (page === undefined) return { kind: 'protocol', message: 'the API server sent something that is no list' };
      for (const item of page.items) fresh.set(keyOf(item), this.options.keep(item));
      this.hear();
      if (page.next === '') return this.replace(fresh, page.version);
      next = page.next;
    }
    return { kind: 'protocol', message: `the API server sent a list of more than ${MAX_PAGES} pages` };
  }

  private replace(fresh: Map<string, T>, version: string): undefined {
    this.set = fresh;
    // Even when it went backwards: a cluster restored from a backup counts from there, and a list is the truth.
    this.version = version;
    this.listedAt = this.clock.now();
    this.trouble = undefined;
    if (!this.synced) this.options.logger.info({ path: this.options.path, size: fresh.size }, 'listed');
    this.synced = true;
    for (const resolve of this.onSynced) resolve();
    this.onSynced.clear();
    this.options.onChange?.();
    return undefined;
  }

  /** One watch after the other from where the last ended, until something interrupts. */
  private async watchOn(): Promise<Interruption> {
    for (;;) {
      const openedAt = this.clock.now();
      // oxlint-disable-next-line no-await-in-loop -- the next watch goes on where this one ended
      const interruption = await this.watchOnce();
      if (interruption !== undefined) return interruption;
      const now = this.clock.now();
      if (now - openedAt < SHORTEST_WATCH_MS) return { kind: 'closed-at-once' };
      this.contactAt = now;
      this.proveHealthy();
      if (this.isListDue() || now - this.heardAt >= this.timing.silenceMs) return { kind: 'due' };
    }
  }

  private async watchOnce(): Promise<Interruption | undefined> {
    const ending = new AbortController();
    let interruption: Interruption | undefined;
    const interrupt = (by: Interruption): void => {
      interruption ??= by;
      ending.abort();
    };
    const onStop = (): void => {
      interrupt({ kind: 'failed', failure: { kind: 'aborted' } });
    };
    // `stop` may have come after the last answer and before this line.
    if (this.stopping.signal.aborted) onStop();
    this.stopping.signal.addEventListener('abort', onStop);
    const cancelWatchdog = this.guard(interrupt);
    const timeoutSeconds = this.timing.watchSeconds;
    const query = asQuery({
      ...this.selector(),
      watch: 1,
      allowWatchBookmarks: true,
      timeoutSeconds,
      resourceVersion: this.version,
    });
    this.requests += 1;
    const end = await this.options.cluster.watchLines(`${this.options.path}?${query}`, {
      signal: ending.signal,
      accept: this.options.metadataOnly ? METADATA : 'application/json',
      onLine: (line) => {
        const by = this.apply(line);
        if (by !== undefined) interrupt(by);
      },
    });
    cancelWatchdog();
    this.stopping.signal.removeEventListener('abort', onStop);
    if (interruption !== undefined) return interruption;
    if (end.kind === 'http' && end.status === 410) return { kind: 'gone' };
    return end.kind === 'ended' ? undefined : { kind: 'failed', failure: end };
  }

  /** The watchdog of one watch: interrupts when nothing was heard for `silenceMs` since its opening, or since the last line. */
  private guard(interrupt: (by: Interruption) => void): () => void {
    const { silenceMs } = this.timing;
    const openedAt = this.clock.now();
    let cancel: (() => void) | undefined;
    const look = (): void => {
      const left = Math.max(openedAt, this.heardAt) + silenceMs - this.clock.now();
      if (left > 0) cancel = this.clock.after(left, look);
      else interrupt({ kind: 'silent', afterMs: silenceMs });
    };
    look();
    return () => {
      cancel?.();
    };
  }

  private apply(line: JsonObject): Interruption | undefined {
    const event = readEvent(line);
    if (event.kind === 'interrupted') return event.by;
    if (isOlder(event.version, this.version)) {
      return { kind: 'protocol', message: 'the resource versions of the watch went backwards' };
    }
    if (event.kind === 'put') this.set.set(event.key, this.options.keep(event.object));
    if (event.kind === 'remove') this.set.delete(event.key);
    this.version = event.version;
    this.hear();
    this.proveHealthy();
    if (event.kind !== 'bookmark') this.options.onChange?.();
    // A watch need not end: a server that ignores `timeoutSeconds` is no reason to trust it for ever.
    return this.isListDue() ? { kind: 'due' } : undefined;
  }

  private selector(): Readonly<Record<string, string>> {
    return this.options.name === undefined ? {} : { fieldSelector: `metadata.name=${this.options.name}` };
  }

  private isListDue(): boolean {
    return this.clock.now() - this.listedAt >= this.timing.relistMs;
  }

  private hear(): void {
    this.heardAt = this.clock.now();
    this.contactAt = this.heardAt;
  }

  private note(interruption: Interruption): void {
    if (interruption.kind === 'due') return;
    this.restarts += 1;
    this.failures = isRefused(interruption) ? 0 : this.failures + 1;
    this.trouble = describeInterruption(interruption);
    this.log.trouble({ path: this.options.path, restarts: this.restarts }, `watch interrupted: ${this.trouble}`);
  }

  private proveHealthy(): void {
    this.failures = 0;
    this.log.over({ path: this.options.path, size: this.set.size }, 'watching again');
  }

  private async pause(ms: number): Promise<void> {
    const { signal } = this.stopping;
    await new Promise<void>((resolve) => {
      const cancel = this.clock.after(ms, () => {
        signal.removeEventListener('abort', onStop);
        resolve();
      });
      const onStop = (): void => {
        cancel();
        resolve();
      };
      signal.addEventListener('abort', onStop, { once: true });
    });
  }
}
