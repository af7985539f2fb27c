import { LRUCache } from 'lru-cache';
import { isDnsLabel } from '../../kubernetes/names.ts';
import type { NamespaceLookup } from '../../kubernetes/namespace.ts';
import type { Clock } from '../../lib/clock.ts';
import { TokenBucket } from '../../lib/token-bucket.ts';
import { describeFailure } from '../client/errors.ts';
import { type KubeClient, METADATA } from '../client/types.ts';
import { toServedNamespace } from './namespace-object.ts';

/**
 * Who a lookup is for. Each share has limits of its own, so that made-up names do not use up what required pods need: `known` is for namespaces that
 * are in the cache, whose names cannot be made up.
 */
export type LookupShare = 'optional' | 'required' | 'known';

export interface ShareLimits {
  readonly concurrent: number;
  readonly perSecond: number;
}

export interface LookupLimits extends ShareLimits {
  /** The limits of the shares for required pods. */
  readonly required: ShareLimits;
  readonly known: ShareLimits;
  /** Timeout of one request, in ms: it may serve several callers, each with its own deadline. */
  readonly timeoutMs: number;
  readonly cacheMs: number;
  readonly cacheSize: number;
}

export const defaultLookupLimits: LookupLimits = {
  concurrent: 8,
  perSecond: 20,
  required: { concurrent: 4, perSecond: 10 },
  known: { concurrent: 4, perSecond: 10 },
  timeoutMs: 3_000,
  cacheMs: 2_000,
  cacheSize: 1_000,
};

interface Share {
  readonly bucket: TokenBucket;
  /** Requests that can start now. */
  free: number;
}

/** An object in etcd is at most about 1.5 MiB. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Looks up single namespaces at the API server. Any client of the webhook port can make up names, so the cost is bounded: a name that cannot exist
 * costs nothing, concurrent lookups of one name share one request, an answer is cached for a moment, and beyond the limits the answer is
 * `unavailable` at once. Answers never enter the watched store: they could outlive a deletion.
 */
export class NamespaceLookups {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #limits: LookupLimits;
  readonly #stopping = new AbortController();
  readonly #running = new Map<string, Promise<NamespaceLookup>>();
  readonly #cache: LRUCache<string, NamespaceLookup>;
  readonly #shares: { readonly [share in LookupShare]: Share };

  constructor(client: KubeClient, clock: Clock, limits: LookupLimits) {
    this.#client = client;
    this.#clock = clock;
    this.#limits = limits;
    this.#cache = new LRUCache({ max: limits.cacheSize, ttl: limits.cacheMs, ttlResolution: 0, perf: clock });
    const share = ({ concurrent, perSecond }: ShareLimits): Share => ({
      bucket: new TokenBucket(clock, perSecond, perSecond),
      free: concurrent,
    });
    this.#shares = { optional: share(limits), required: share(limits.required), known: share(limits.known) };
  }

  /** Returns the answer within `deadlineMs`, or `unavailable`. Never rejects. */
  async fetch(name: string, deadlineMs: number, use: LookupShare = 'optional'): Promise<NamespaceLookup> {
    if (!isDnsLabel(name)) return { kind: 'absent' };
    // What another caller learned a moment ago can be older than what made the API server ask about a required pod.
    const key = use === 'optional' ? name : `required ${name}`;
    const cached = this.#cache.get(key);
    if (cached !== undefined) return cached;
    const running = this.#running.get(key);
    if (running) return this.#within(deadlineMs, running);
    if (this.#stopping.signal.aborted) return unavailable('the server is stopping');
    const share = this.#shares[use];
    if (share.free === 0 || share.bucket.take() > 0) {
      return unavailable('too many namespaces are being looked up at once');
    }
    return this.#within(deadlineMs, this.#start(name, key, share));
  }

  /** Aborts the running requests: their callers get `unavailable`. Resolves when no request is left. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running.values());
  }

  #start(name: string, key: string, share: Share): Promise<NamespaceLookup> {
    share.free -= 1;
    const request = this.#request(name).then((lookup) => {
      share.free += 1;
      this.#running.delete(key);
      if (lookup.kind !== 'unavailable') this.#cache.set(key, lookup);
      return lookup;
    });
    this.#running.set(key, request);
    return request;
  }

  async #request(name: string): Promise<NamespaceLookup> {
    const response = await this.#client.getJson(`/api/v1/namespaces/${name}`, {
      timeoutMs: this.#limits.timeoutMs,
      maxBytes: MAX_BYTES,
      accept: METADATA,
      signal: this.#stopping.signal,
    });
    if (response.kind === 'ok') {
      const namespace = toServedNamespace(response.body);
      if (namespace?.name === name) return { kind: 'found', namespace };
      return unavailable('the API server sent something other than this namespace');
    }
    // The reason shows that the API server answered: a proxy in between also answers 404, without knowing the namespaces.
    if (response.kind === 'http' && response.status === 404 && response.reason === 'NotFound')
      return { kind: 'absent' };
    return unavailable(describeFailure(response));
  }

  async #within(deadlineMs: number, running: Promise<NamespaceLookup>): Promise<NamespaceLookup> {
    let cancel: (() => void) | undefined;
    const late = new Promise<NamespaceLookup>((resolve) => {
      cancel = this.#clock.after(deadlineMs, () => {
        resolve(unavailable(`the API server did not answer within ${deadlineMs} ms`));
      });
    });
    const lookup = await Promise.race([running, late]);
    cancel?.();
    return lookup;
  }
}

function unavailable(why: string): NamespaceLookup {
  return { kind: 'unavailable', why };
}
