import { type Clock, sleep, systemClock } from '../../lib/clock.ts';
import type { JsonObject } from '../../lib/json.ts';
import { type Logger, TroubleLog } from '../../lib/logger.ts';
import { asQuery } from '../client/query.ts';
import { type KubeClient, METADATA } from '../client/types.ts';
import { delayAfter, describeInterruption, type Interruption, isRefused } from './backoff.ts';
import { PagedList } from './list.ts';
import type { NamespacedKey } from './namespace-index.ts';
import { defaultTiming, type ReflectorTiming, STALE_MS } from './timing.ts';
import { isOlder, keyOf, readEvent } from './watch-event.ts';
import { watchdog } from './watchdog.ts';

/** An API server that closes a watch sooner, in ms, even in an orderly way, is not watching. */
const MIN_WATCH_MS = 1_000;

export interface ReflectorOptions<T, S extends NamespacedKey<T> = NamespacedKey<T>> {
  readonly cluster: KubeClient;
  /** The collection: `/api/v1/namespaces`. */
  readonly path: string;
  /** Ask for metadata only. A server that sends whole objects all the same is understood. */
  readonly metadataOnly: boolean;
  /** Of one object's name: where no more than that one may be read. */
  readonly name?: string;
  /** Of the objects that count, where not all do: `metadata.name!=x`. Not beside `name`. */
  readonly fieldSelector?: string;
  /** How many objects to ask for at once, where they are large. */
  readonly pageItems?: number;
  /** Is called after each change of what is known. It must not throw. */
  readonly onChange?: () => void;
  /** What to keep of an object: it alone stays in memory. It must not throw. */
  readonly keep: (object: JsonObject) => T;
  /** Makes the place where it is kept, for each list anew. @default a Map */
  readonly place?: () => S;
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
export class Reflector<T, S extends NamespacedKey<T> = NamespacedKey<T>> {
  /** Whether what is new would be heard of at once: the list is read, and its watch not interrupted. Absence means something only then. */
  isWatching = false;
  private readonly options: ReflectorOptions<T, S>;
  private readonly timing: ReflectorTiming;
  private readonly clock: Clock;
  private readonly stopping = new AbortController();
  private readonly log: TroubleLog;
  private done: Promise<void> | undefined;
  private set: NamespacedKey<T> = new Map<string, T>();
  /** What `place` made, once a list has been read into it. */
  private placed: S | undefined;
  private synced = false;
  private readonly onSynced = new Set<() => void>();
  private readonly onTried = new Set<() => void>();
  private version = '';
  private contactAt: number | undefined;
  private lastEventAt = 0;
  private startedAt = 0;
  private listedAt = 0;
  private requests = 0;
  private failures = 0;
  private restarts = 0;
  private readonly pages: PagedList;
  private trouble: string | undefined;

  constructor(options: ReflectorOptions<T, S>) {
    this.options = options;
    this.timing = { ...defaultTiming, ...options.timing };
    this.clock = options.clock ?? systemClock;
    this.log = new TroubleLog(options.logger, this.clock);
    this.pages = new PagedList({ ...options, selector: this.selector() });
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

  /** Resolves when the first list has been read, or has failed for the first time. */
  whenTried(): Promise<void> {
    return this.synced || this.restarts > 0 ? Promise.resolve() : new Promise((resolve) => this.onTried.add(resolve));
  }

  /** What is known, where `place` says; undefined where it is not known, or not for certain any more. */
  fresh(): S | undefined {
    return this.isFresh() ? this.placed : undefined;
  }

  /** What is known can be gone by: it was read once, and the API server was heard from within two minutes. */
  isFresh(): boolean {
    return this.synced && this.clock.now() - (this.contactAt ?? -Infinity) <= STALE_MS;
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
      this.isWatching = false;
      if (this.stopping.signal.aborted) return;
      this.note(interruption);
      const elapsedMs = this.clock.now() - this.startedAt;
      const cycle = { interruption, failures: this.failures, requests: this.requests, elapsedMs };
      // oxlint-disable-next-line no-await-in-loop -- the back-off
      await sleep(
        this.clock,
        delayAfter(cycle, this.timing, (this.options.random ?? Math.random)()),
        this.stopping.signal,
      );
    }
  }

  /** Reads all pages and replaces the set, or changes nothing and says why. */
  private async list(): Promise<Interruption | undefined> {
    const placed = this.options.place?.();
    const fresh: NamespacedKey<T> = placed ?? new Map<string, T>();
    const end = await this.pages.read({
      timeoutMs: this.timing.pageTimeoutMs,
      signal: this.stopping.signal,
      onRequest: () => {
        this.requests += 1;
      },
      onPage: (items) => {
        for (const item of items) fresh.set(keyOf(item), this.options.keep(item));
        this.markEvent();
      },
    });
    if (end.kind !== 'listed') return end;
    this.placed = placed;
    return this.replace(fresh, end.version);
  }

  private replace(fresh: NamespacedKey<T>, version: string): undefined {
    this.set = fresh;
    // Even when it went backwards: a cluster restored from a backup counts from there, and a list is the truth.
    this.version = version;
    this.listedAt = this.clock.now();
    this.trouble = undefined;
    if (!this.synced) this.options.logger.info({ path: this.options.path, size: fresh.size }, 'listed');
    this.synced = true;
    this.isWatching = true;
    release(this.onTried);
    release(this.onSynced);
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
      if (now - openedAt < MIN_WATCH_MS) return { kind: 'closed-at-once' };
      this.contactAt = now;
      this.proveHealthy();
      if (this.isListDue() || now - this.lastEventAt >= this.timing.silenceMs) return { kind: 'due' };
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
    const { silenceMs } = this.timing;
    const cancelWatchdog = watchdog(
      this.clock,
      silenceMs,
      () => this.lastEventAt,
      () => {
        interrupt({ kind: 'silent', afterMs: silenceMs });
      },
    );
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

  private apply(line: JsonObject): Interruption | undefined {
    const event = readEvent(line);
    if (event.kind === 'interrupted') return event.by;
    if (isOlder(event.version, this.version)) {
      return { kind: 'protocol', message: 'the resource versions of the watch went backwards' };
    }
    if (event.kind === 'put') this.set.set(event.key, this.options.keep(event.object));
    if (event.kind === 'remove') this.set.delete(event.key);
    this.version = event.version;
    this.markEvent();
    this.proveHealthy();
    if (event.kind !== 'bookmark') this.options.onChange?.();
    // A watch need not end: a server that ignores `timeoutSeconds` is no reason to trust it for ever.
    return this.isListDue() ? { kind: 'due' } : undefined;
  }

  private selector(): Readonly<Record<string, string>> {
    const { name, fieldSelector } = this.options;
    const selector = name === undefined ? fieldSelector : `metadata.name=${name}`;
    return selector === undefined ? {} : { fieldSelector: selector };
  }

  private isListDue(): boolean {
    return this.clock.now() - this.listedAt >= this.timing.relistMs;
  }

  private markEvent(): void {
    this.lastEventAt = this.clock.now();
    this.contactAt = this.lastEventAt;
  }

  private note(interruption: Interruption): void {
    if (interruption.kind === 'due') return;
    this.restarts += 1;
    release(this.onTried);
    this.failures = isRefused(interruption) ? 0 : this.failures + 1;
    this.trouble = describeInterruption(interruption);
    this.log.trouble({ path: this.options.path, restarts: this.restarts }, `watch interrupted: ${this.trouble}`);
  }

  private proveHealthy(): void {
    this.failures = 0;
    this.log.over({ path: this.options.path, size: this.set.size }, 'watching again');
  }
}

/** Lets all go on who wait. */
function release(waiting: Set<() => void>): void {
  for (const resolve of waiting) resolve();
  waiting.clear();
}
