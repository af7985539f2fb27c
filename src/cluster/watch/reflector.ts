import { isDeepStrictEqual } from 'node:util';
import { type Clock, sleep, systemClock } from '../../lib/clock.ts';
import { deferred } from '../../lib/deferred.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Logger } from '../../lib/logger.ts';
import { type KubeClient, METADATA } from '../client/types.ts';
import { delayAfter, type Interruption, isAbsent } from './backoff.ts';
import { WatchHealth } from './health.ts';
import { PagedList } from './list.ts';
import type { Store } from './store.ts';
import { defaultTiming, type ReflectorTiming } from './timing.ts';
import { isOlder, keyOf, readEvent } from './watch-event.ts';
import { runWatch } from './watch-request.ts';

/** An API server that closes a watch sooner, in ms, even in an orderly way, is not watching. */
const MIN_WATCH_MS = 1_000;

export interface ReflectorOptions<T, S extends Store<T> = Store<T>> {
  readonly client: KubeClient;
  readonly path: string;
  /** Requests metadata only. A server that sends whole objects all the same is understood. */
  readonly metadataOnly: boolean;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Of lists; watches are never compressed. */
  readonly compressed?: boolean;
  readonly pageItems?: number;
  /** Called after each change of the store. Must not throw. */
  readonly onChange?: () => void;
  /** Called when the API server has no such collection, which ends the reflector. Without it, that is a failure like any other. */
  readonly onAbsent?: () => void;
  /** Reduces an object to what is stored. Must not throw. */
  readonly transform: (object: JsonObject) => T;
  readonly createStore: () => S;
  readonly logger: Logger;
  readonly timing?: Partial<ReflectorTiming>;
  readonly clock?: Clock;
  /** In [0, 1). @default Math.random */
  readonly random?: () => number;
}

export interface ReflectorStatus {
  /** True once a complete list was read. The store stays, however long the API server is unavailable. */
  readonly synced: boolean;
  readonly size: number;
  /** Time since the last page, event, bookmark or orderly end of a watch, in ms; undefined before the first. */
  readonly ageMs: number | undefined;
  readonly restarts: number;
  readonly problem: string | undefined;
}

/**
 * Mirrors a collection of the API server by list and watch, forever. Invariants: a list replaces the whole store, so missed deletions are
 * noticed; a failure never empties the store; whatever the server does, everything is listed again after at most two watches of silence;
 * while requests fail, their average rate is one per `requestCostMs`.
 */
export class Reflector<T, S extends Store<T> = Store<T>> {
  readonly #options: ReflectorOptions<T, S>;
  readonly #timing: ReflectorTiming;
  readonly #clock: Clock;
  readonly #health: WatchHealth;
  readonly #pages: PagedList;
  readonly #selector: Readonly<Record<string, string>>;
  readonly #stopping = new AbortController();
  readonly #synced = deferred();
  readonly #tried = deferred();
  #running: Promise<void> | undefined;
  /** Undefined until the first list is complete. */
  #store: S | undefined;
  #isWatching = false;
  #version = '';
  #requests = 0;

  constructor(options: ReflectorOptions<T, S>) {
    const { path, logger, fieldSelector, labelSelector } = options;
    this.#options = options;
    this.#timing = { ...defaultTiming, ...options.timing };
    this.#clock = options.clock ?? systemClock;
    this.#health = new WatchHealth({ path, logger, timing: this.#timing, clock: this.#clock });
    this.#selector = {
      ...(fieldSelector !== undefined && { fieldSelector }),
      ...(labelSelector !== undefined && { labelSelector }),
    };
    this.#pages = new PagedList({ ...options, selector: this.#selector });
  }

  start(): this {
    this.#running ??= this.#run();
    return this;
  }

  get(key: string): T | undefined {
    return this.#store?.get(key);
  }

  /** Resolves when the first list is complete. Never resolves if the server does not answer. */
  whenSynced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Resolves when the first list is complete, or the first attempt has failed. */
  whenTried(): Promise<void> {
    return this.#tried.promise;
  }

  /** What was read so far, however old it is. */
  store(): S | undefined {
    return this.#store;
  }

  fresh(): S | undefined {
    return this.isFresh() ? this.#store : undefined;
  }

  /** True once a list was read, while the API server was last heard from within two minutes. */
  isFresh(): boolean {
    return this.#store !== undefined && this.#health.isFresh;
  }

  /** True while the list is loaded and the watch is established. The absence of an object means something only then. */
  isWatching(): boolean {
    return this.#isWatching;
  }

  status(): ReflectorStatus {
    const { ageMs, restarts, problem } = this.#health;
    return { synced: this.#store !== undefined, size: this.#store?.size ?? 0, ageMs, restarts, problem };
  }

  /** Resolves when the last request is closed and no timer is left. The store can still be read. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const startedAt = this.#clock.now();
      this.#requests = 0;
      // oxlint-disable-next-line no-await-in-loop -- cycles run one after the other
      const interruption = (await this.#list()) ?? (await this.#watch());
      this.#isWatching = false;
      if (signal.aborted) return;
      if (this.#options.onAbsent && isAbsent(interruption)) {
        this.#tried.resolve();
        this.#options.onAbsent();
        return;
      }
      this.#health.recordInterruption(interruption);
      this.#tried.resolve();
      const elapsedMs = this.#clock.now() - startedAt;
      const cycle = { interruption, failures: this.#health.failures, requests: this.#requests, elapsedMs };
      const delayMs = delayAfter(cycle, this.#timing, (this.#options.random ?? Math.random)());
      // oxlint-disable-next-line no-await-in-loop -- the back-off
      await sleep(this.#clock, delayMs, signal);
    }
  }

  async #list(): Promise<Interruption | undefined> {
    const store = this.#options.createStore();
    const end = await this.#pages.read({
      timeoutMs: this.#timing.pageTimeoutMs,
      signal: this.#stopping.signal,
      onRequest: () => {
        this.#requests += 1;
      },
      onItem: (item) => {
        const key = keyOf(item);
        store.set(key, this.#valueOf(key, item));
      },
      onPage: () => this.#health.recordEvent(),
    });
    if (end.kind !== 'listed') return end;
    const { path, logger, onChange } = this.#options;
    if (this.#store === undefined) logger.info({ path, size: store.size }, 'initial list complete');
    this.#store = store;
    // Even if it went backwards: a cluster restored from a backup counts from there, and a list is authoritative.
    this.#version = end.version;
    this.#health.recordList();
    this.#isWatching = true;
    this.#tried.resolve();
    this.#synced.resolve();
    onChange?.();
    return undefined;
  }

  /** The stored value if it is the same, so that a relist needs no memory for a second one, and what was made from it stays valid. */
  #valueOf(key: string, object: JsonObject): T {
    const value = this.#options.transform(object);
    const before = this.#store?.get(key);
    return before !== undefined && isDeepStrictEqual(before, value) ? before : value;
  }

  async #watch(): Promise<Interruption> {
    for (;;) {
      const openedAt = this.#clock.now();
      // oxlint-disable-next-line no-await-in-loop -- each watch continues the previous one
      const interruption = await this.#watchOnce();
      if (interruption !== undefined) return interruption;
      if (this.#clock.now() - openedAt < MIN_WATCH_MS) return { kind: 'closed-at-once' };
      this.#health.recordWatchEnd(this.status().size);
      if (this.#health.isRelistDue || this.#health.isSilent) return { kind: 'due' };
    }
  }

  #watchOnce(): Promise<Interruption | undefined> {
    const { client, path, metadataOnly } = this.#options;
    const query = new URLSearchParams({
      ...this.#selector,
      watch: '1',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(this.#timing.watchSeconds),
      resourceVersion: this.#version,
    });
    this.#requests += 1;
    return runWatch({
      client,
      clock: this.#clock,
      path: `${path}?${query.toString()}`,
      accept: metadataOnly ? METADATA : 'application/json',
      silenceMs: this.#timing.silenceMs,
      signal: this.#stopping.signal,
      onLine: (line) => this.#apply(line),
    });
  }

  #apply(line: JsonObject): Interruption | undefined {
    const event = readEvent(line);
    if (event.kind === 'interrupted') return event.by;
    if (isOlder(event.version, this.#version)) {
      return { kind: 'protocol', message: 'the resource versions of the watch went backwards' };
    }
    if (event.kind === 'put') this.#store?.set(event.key, this.#valueOf(event.key, event.object));
    if (event.kind === 'remove') this.#store?.delete(event.key);
    this.#version = event.version;
    this.#health.recordEvent();
    this.#health.recordSuccess(this.status().size);
    if (event.kind !== 'bookmark') this.#options.onChange?.();
    // A watch need not end: a server that ignores `timeoutSeconds` is not trusted forever either.
    return this.#health.isRelistDue ? { kind: 'due' } : undefined;
  }
}
