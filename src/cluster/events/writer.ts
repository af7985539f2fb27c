import { type EventMessage, noticeEventMessage } from '../../admission/event-messages.ts';
import { isDnsLabel } from '../../kubernetes/names.ts';
import type { HasMetadata } from '../../kubernetes/pod.ts';
import { type Clock, sleep, systemClock } from '../../lib/clock.ts';
import type { Json } from '../../lib/json.ts';
import { type Logger, ProblemLog } from '../../lib/logger.ts';
import { TokenBucket } from '../../lib/token-bucket.ts';
import { reasonMessage } from '../../reasons/message.ts';
import type { Reason } from '../../reasons/reason.ts';
import { describeFailure, type Failure } from '../client/errors.ts';
import type { KubeClient } from '../client/types.ts';
import { type CorrelatorLimits, defaultCorrelatorLimits, EventCorrelator } from './correlator.ts';
import { COMPONENT, eventObject, type NewEvent } from './event-object.ts';
import { directOwner, type ObjectRef, ownKeysOf, WorkloadLookup, type WorkloadObject } from './workload-lookup.ts';

/** The label values of the metric. `known`: another replica has written the Event. `unverified`: the pod's controller could not be found. */
export type EventResult = 'written' | 'known' | 'repeated' | 'dropped' | 'unverified' | 'failed';

export interface EventWriterOptions {
  readonly client: KubeClient;
  readonly logger: Logger;
  /** Finds keys in a workload's own metadata that belong into its template, which is the pod's metadata. */
  readonly misplacedKeys: (
    workload: { readonly kind: string; readonly name: string; readonly metadata: Json | undefined },
    template: Json | undefined,
  ) => readonly Reason[];
  readonly onNotice?: (notice: Reason) => void;
  readonly clock?: Clock;
  readonly wall?: () => number;
  readonly limits?: Partial<EventLimits>;
}

export interface EventLimits extends CorrelatorLimits {
  /** Number of pods whose Events wait to be written. */
  readonly queued: number;
  readonly perSecond: number;
  readonly burst: number;
}

const defaultLimits: EventLimits = { ...defaultCorrelatorLimits, queued: 500, perSecond: 5, burst: 50 };

/** Of controllers, each for one pod that may be made up. */
const LOOKUPS = { perSecond: 20, burst: 100 };

const REQUEST_LIMITS = { timeoutMs: 3_000, maxBytes: 256 * 1024 };

interface QueueEntry {
  readonly namespace: string;
  readonly owner: ObjectRef;
  readonly template: Json | undefined;
  readonly events: readonly NewEvent[];
}

/** Queues Events and writes them one after the other, at a limited rate. */
export class EventWriter {
  readonly counts: Record<EventResult, number> = {
    written: 0,
    known: 0,
    repeated: 0,
    dropped: 0,
    unverified: 0,
    failed: 0,
  };
  readonly #options: EventWriterOptions;
  readonly #limits: EventLimits;
  readonly #clock: Clock;
  readonly #correlator: EventCorrelator;
  readonly #workloads: WorkloadLookup;
  readonly #bucket: TokenBucket;
  readonly #lookups: TokenBucket;
  readonly #log: ProblemLog;
  readonly #queue: QueueEntry[] = [];
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: EventWriterOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    this.#correlator = new EventCorrelator(this.#limits);
    this.#workloads = new WorkloadLookup(options.client, this.#clock);
    this.#bucket = new TokenBucket(this.#clock, this.#limits.perSecond, this.#limits.burst);
    this.#lookups = new TokenBucket(this.#clock, LOOKUPS.perSecond, LOOKUPS.burst);
    this.#log = new ProblemLog(options.logger, this.#clock);
  }

  enqueue(namespace: string, pod: HasMetadata, messages: readonly EventMessage[]): void {
    if (messages.length === 0 || this.#stopping.signal.aborted || !isDnsLabel(namespace)) return;
    const owner = directOwner(pod);
    // The person who creates a pod without a controller sees the warnings; an Event could be about a pod that never exists.
    if (!owner) {
      this.counts.unverified += messages.length;
      return;
    }
    if (this.#queue.length >= this.#limits.queued) {
      this.counts.dropped += messages.length;
      return;
    }
    const events = messages.flatMap((message) => this.#correlate(namespace, owner, message));
    if (events.length === 0) return;
    this.#queue.push({ namespace, owner, template: ownKeysOf(pod.metadata ?? undefined), events });
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#queue.length = 0;
    this.#stopping.abort();
    await this.#running;
  }

  #correlate(namespace: string, owner: ObjectRef, message: EventMessage): readonly NewEvent[] {
    const { reason, code, profile } = message;
    const key = [namespace, owner.kind, owner.name, owner.uid, reason, code, profile].join(' ');
    const correlation = this.#correlator.correlate(namespace, key, this.#wallMs());
    if (correlation.kind === 'new') return [{ message, key, window: correlation.window, count: correlation.count }];
    this.counts[correlation.kind === 'repeated' ? 'repeated' : 'dropped'] += 1;
    return [];
  }

  async #run(): Promise<void> {
    for (let next = this.#queue.shift(); next && !this.#stopping.signal.aborted; next = this.#queue.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- one request at a time
      await this.#write(next);
    }
    this.#running = undefined;
  }

  async #write({ namespace, owner, template, events }: QueueEntry): Promise<void> {
    if (!this.#workloads.known(namespace, owner)) await this.#throttle(this.#lookups);
    const found = await this.#workloads.find(namespace, owner, this.#stopping.signal);
    if (found.kind === 'failed') {
      this.#reportFailure(namespace, events.length, `the controller of a pod could not be read`, found.failure);
      return;
    }
    if (found.kind === 'unverified') {
      this.counts.unverified += events.length;
      for (const { key } of events) this.#correlator.forget(namespace, key);
      return;
    }
    const { workload } = found;
    const { ref } = workload;
    // Each run of a CronJob is another Job: an Event about an earlier run is a repetition.
    const unwritten = isSame(ref, owner)
      ? events
      : events.flatMap(({ message }) => this.#correlate(namespace, ref, message));
    for (const event of [...unwritten, ...this.#misplacedKeys(namespace, workload, template)]) {
      // oxlint-disable-next-line no-await-in-loop -- the rate limit
      await this.#throttle(this.#bucket);
      if (this.#stopping.signal.aborted) return;
      // oxlint-disable-next-line no-await-in-loop -- one request at a time
      await this.#send(namespace, ref, event);
    }
  }

  #misplacedKeys(
    namespace: string,
    { ref, metadata }: WorkloadObject,
    template: Json | undefined,
  ): readonly NewEvent[] {
    const { logger, onNotice, misplacedKeys } = this.#options;
    const { kind, name } = ref;
    return misplacedKeys({ kind, name, metadata }, template).flatMap((notice) => {
      const text = reasonMessage(notice);
      const events = this.#correlate(namespace, ref, { ...noticeEventMessage(notice), profile: text });
      if (events.length > 0) {
        logger.warn({ namespace, owner: `${kind}/${name}`, reason: notice.code }, text);
        onNotice?.(notice);
      }
      return events;
    });
  }

  async #throttle(bucket: TokenBucket): Promise<void> {
    const ms = bucket.take();
    if (ms === 0 || this.#stopping.signal.aborted) return;
    await sleep(this.#clock, ms, this.#stopping.signal);
    await this.#throttle(bucket);
  }

  async #send(namespace: string, ref: ObjectRef, event: NewEvent): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/events?fieldManager=${COMPONENT}`;
    const response = await this.#options.client.sendJson(path, {
      ...REQUEST_LIMITS,
      method: 'POST',
      body: eventObject(namespace, ref, event, new Date(this.#wallMs()).toISOString()),
      signal: this.#stopping.signal,
    });
    if (response.kind === 'ok') this.counts.written += 1;
    else if (response.kind === 'http' && response.reason === 'AlreadyExists') this.counts.known += 1;
    // A namespace that is being deleted takes no new objects, which is no fault of the server's.
    else if (response.kind === 'http' && isNamespaceEnding(response)) this.counts.dropped += 1;
    else {
      this.#reportFailure(namespace, 1, 'an Event could not be written', response);
      return;
    }
    this.#log.resolve({}, 'Events can be written again');
  }

  #reportFailure(namespace: string, count: number, what: string, failure: Failure): void {
    if (failure.kind === 'aborted') return;
    this.counts.failed += count;
    this.#log.report({ namespace }, `${what}: ${describeFailure(failure)}`);
  }

  #wallMs(): number {
    return (this.#options.wall ?? Date.now)();
  }
}

/** k8s.io/apiserver plugin/namespace/lifecycle: 403 with this message; 404 after the deletion. */
function isNamespaceEnding({ status, message }: Extract<Failure, { kind: 'http' }>): boolean {
  return status === 404 || (status === 403 && message.includes('because it is being terminated'));
}

function isSame(one: ObjectRef, other: ObjectRef): boolean {
  return one.kind === other.kind && one.name === other.name && one.uid === other.uid;
}
