import { LRUCache } from 'lru-cache';
import { isDnsLabel } from '../../kubernetes/names.ts';
import { TokenBucket } from '../../lib/token-bucket.ts';
import type { NamespaceLookup } from '../../kubernetes/namespace.ts';
import type { Clock } from '../../lib/clock.ts';
import { describeFailure } from '../client/errors.ts';
import { type KubeClient, METADATA } from '../client/types.ts';
import { toNamespace } from './namespace-object.ts';

export interface LookupLimits {
  /** Requests to the API server at one time. */
  readonly concurrent: number;
  /** Requests to the API server in one second, which may also come all at once. */
  readonly perSecond: number;
  /** How long one request may take, in ms: it may serve several callers, each with a deadline of its own. */
  readonly timeoutMs: number;
  /** How long an answer is good for, in ms. */
  readonly rememberMs: number;
  /** How many answers are remembered; the oldest gives way. */
  readonly remembered: number;
}

export const defaultLookupLimits: LookupLimits = {
  concurrent: 8,
  perSecond: 20,
  timeoutMs: 3_000,
  rememberMs: 2_000,
  remembered: 1_000,
};

/** A namespace as the API server sends it; its largest size is that of an object in etcd, about 1.5 MiB. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Asks the API server for single namespaces. Anybody who reaches our port can make up names, so what they can cause is bounded:
 * names that cannot exist cost nothing, one name asked for by many costs one request, an answer is remembered for a moment, and
 * beyond the bounds the answer is `unavailable` at once. Answers never enter the watched set: they could outlive a deletion.
 */
export class NamespaceLookups {
  private readonly cluster: KubeClient;
  private readonly clock: Clock;
  private readonly bounds: LookupLimits;
  private readonly stopping = new AbortController();
  private readonly running = new Map<string, Promise<NamespaceLookup>>();
  private readonly answers: LRUCache<string, NamespaceLookup>;
  private readonly requests: TokenBucket;

  constructor(cluster: KubeClient, clock: Clock, bounds: LookupLimits) {
    this.cluster = cluster;
    this.clock = clock;
    this.bounds = bounds;
    this.answers = new LRUCache({ max: bounds.remembered, ttl: bounds.rememberMs, ttlResolution: 0, perf: clock });
    this.requests = new TokenBucket(clock, bounds.perSecond, bounds.perSecond);
  }

  /** The answer within `deadlineMs`, or `unavailable`. Never rejects. */
  ask(name: string, deadlineMs: number): Promise<NamespaceLookup> {
    if (!isDnsLabel(name)) return Promise.resolve({ kind: 'absent' });
    const known = this.answers.get(name);
    if (known !== undefined) return Promise.resolve(known);
    const running = this.running.get(name) ?? this.begin(name);
    return typeof running === 'string' ? Promise.resolve(unavailable(running)) : this.within(deadlineMs, running);
  }

  /** Ends what runs: its callers get `unavailable`. Resolves when no request is left. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.running.values());
  }

  /** A request, or why there is none. */
  private begin(name: string): Promise<NamespaceLookup> | string {
    if (this.stopping.signal.aborted) return 'the server is stopping';
    if (this.running.size >= this.bounds.concurrent || this.requests.take() > 0) {
      return 'too many namespaces are being looked up at once';
    }
    const request = this.request(name).then((lookup) => {
      this.running.delete(name);
      if (lookup.kind !== 'unavailable') this.answers.set(name, lookup);
      return lookup;
    });
    this.running.set(name, request);
    return request;
  }

  private async request(name: string): Promise<NamespaceLookup> {
    const answer = await this.cluster.getJson(`/api/v1/namespaces/${name}`, {
      timeoutMs: this.bounds.timeoutMs,
      maxBytes: MAX_BYTES,
      accept: METADATA,
      signal: this.stopping.signal,
    });
    if (answer.kind === 'ok') {
      const namespace = toNamespace(answer.body);
      if (namespace?.name === name) return { kind: 'found', namespace };
      return unavailable('the API server sent something that is not this namespace');
    }
    // The reason is the API server's own: a proxy in between also says 404, and knows nothing of namespaces.
    if (answer.kind === 'http' && answer.status === 404 && answer.reason === 'NotFound') return { kind: 'absent' };
    return unavailable(describeFailure(answer));
  }

  private async within(deadlineMs: number, running: Promise<NamespaceLookup>): Promise<NamespaceLookup> {
    let cancel: (() => void) | undefined;
    const late = new Promise<NamespaceLookup>((resolve) => {
      cancel = this.clock.after(deadlineMs, () => {
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
