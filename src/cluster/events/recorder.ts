import { sleep } from '../../lib/clock.ts';
import { isDnsLabel } from '../../kubernetes/names.ts';
import { createHash } from 'node:crypto';
import type { DecisionSummary } from '../../admission/decision.ts';
import { type EventMessage, eventMessages, noticeEventMessage } from '../../admission/event-messages.ts';
import type { Named } from '../../kubernetes/pod.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { type Logger, TroubleLog } from '../../lib/logger.ts';
import { traceOf } from '../../lib/stack-trace.ts';
import { TokenBucket } from '../../lib/token-bucket.ts';
import { reasonMessage } from '../../reasons/message.ts';
import type { Reason } from '../../reasons/reason.ts';
import { describeFailure } from '../client/errors.ts';
import type { KubeClient } from '../client/types.ts';
import { defaultCorrelatorLimits, EventCorrelator, type CorrelatorLimits } from './correlator.ts';
import { directOwner, type ObjectRef, WorkloadLookup, type Workload } from './workload-lookup.ts';

/** How Events fared: the label values of the metric. */
export type EventResult = 'written' | 'known' | 'repeated' | 'dropped' | 'failed';

/** Writes down for people what became of their pods. */
export interface EventRecorder {
  /** Takes note of a decision. Returns at once, does nothing that could fail, and never waits. */
  readonly decided: (namespace: string, pod: Named, decision: DecisionSummary) => void;
  readonly counts: () => Readonly<Record<EventResult, number>>;
  /** Forgets what is not written yet. Resolves when nothing is left that could keep the process alive. */
  readonly stop: () => Promise<void>;
}

/** Events for a server without a cluster, or whose Events are off. */
export const noEventRecorder: EventRecorder = {
  decided: () => {},
  counts: () => ({ written: 0, known: 0, repeated: 0, dropped: 0, failed: 0 }),
  stop: () => Promise.resolve(),
};

export interface EventsOptions {
  readonly cluster: KubeClient;
  readonly logger: Logger;
  /** What of a workload's own metadata is out of place there; the pod's metadata is what its template says. */
  readonly misplaced: (
    workload: { readonly kind: string; readonly name: string; readonly metadata: Json | undefined },
    template: Json | undefined,
  ) => readonly Reason[];
  /** Is told of each notice that comes of reading the workload. */
  readonly onNotice?: (notice: Reason) => void;
  readonly clock?: Clock;
  /** Milliseconds since 1970. */
  readonly wall?: () => number;
  readonly bounds?: Partial<EventLimits>;
}

export interface EventLimits extends CorrelatorLimits {
  /** Workloads that wait to be written to. */
  readonly queued: number;
  readonly perSecond: number;
  readonly burst: number;
}

const defaultBounds: EventLimits = { ...defaultCorrelatorLimits, queued: 500, perSecond: 5, burst: 50 };

/** What waits to be written: about one pod, all of its notes. */
interface Waiting {
  readonly namespace: string;
  readonly owner: ObjectRef;
  readonly template: Json | undefined;
  readonly notes: readonly {
    readonly note: EventMessage;
    readonly key: string;
    readonly window: number;
    readonly count: number;
  }[];
}

/**
 * Events by the core API, on the workload that somebody wrote: what `kubectl describe deployment` shows. The same thing about the same workload
 * is written once in ten minutes, by all replicas together: its name is made of what it says, so the second replica finds it there. It needs
 * create of events, and for finding the workload get of replicasets and jobs; what fails is counted and logged, and no Event is worth more.
 */
export function createEventRecorder(options: EventsOptions): EventRecorder {
  const writer = new Writer(options);
  // Pods of one template have one decision: what there is to say of it is found once.
  const notes = new WeakMap<DecisionSummary, readonly EventMessage[]>();
  const notesOf = (decision: DecisionSummary): readonly EventMessage[] => {
    const known = notes.get(decision) ?? eventMessages(decision);
    notes.set(decision, known);
    return known;
  };
  return {
    decided: (namespace, pod, decision) => {
      try {
        writer.take(namespace, pod, notesOf(decision));
      } catch (error) {
        // Nothing that is known leads here, and an Event is not worth the process.
        options.logger.error({ err: traceOf(error), namespace }, 'an Event could not be made');
      }
    },
    counts: () => writer.counts,
    stop: () => writer.stop(),
  };
}

class Writer {
  readonly counts: Record<EventResult, number> = { written: 0, known: 0, repeated: 0, dropped: 0, failed: 0 };
  private readonly options: EventsOptions;
  private readonly bounds: EventLimits;
  private readonly clock: Clock;
  private readonly ledger: EventCorrelator;
  private readonly owners: WorkloadLookup;
  private readonly bucket: TokenBucket;
  private readonly log: TroubleLog;
  private readonly queue: Waiting[] = [];
  private readonly stopping = new AbortController();
  private working: Promise<void> | undefined;

  constructor(options: EventsOptions) {
    this.options = options;
    this.bounds = { ...defaultBounds, ...options.bounds };
    this.clock = options.clock ?? systemClock;
    this.ledger = new EventCorrelator(this.bounds);
    this.owners = new WorkloadLookup(options.cluster, this.clock);
    this.bucket = new TokenBucket(this.clock, this.bounds.perSecond, this.bounds.burst);
    this.log = new TroubleLog(options.logger, this.clock);
  }

  take(namespace: string, pod: Named, notes: readonly EventMessage[]): void {
    if (notes.length === 0 || this.stopping.signal.aborted || !isDnsLabel(namespace)) return;
    const owner = directOwner(pod);
    if (!owner) return;
    if (this.queue.length >= this.bounds.queued) {
      this.counts.dropped += notes.length;
      return;
    }
    const fresh = notes.flatMap((note) => this.noted(namespace, owner, note));
    if (fresh.length === 0) return;
    this.queue.push({ namespace, owner, template: pod.metadata ?? undefined, notes: fresh });
    this.working ??= this.work();
  }

  async stop(): Promise<void> {
    this.queue.length = 0;
    this.stopping.abort();
    await this.working;
  }

  /** The note, if it is not known and not too many. */
  private noted(namespace: string, owner: ObjectRef, note: EventMessage): Waiting['notes'] {
    const key = [namespace, owner.kind, owner.name, owner.uid, note.reason, note.code, note.profile].join(' ');
    const entry = this.ledger.correlate(namespace, key, (this.options.wall ?? Date.now)());
    if (entry.kind === 'new') return [{ note, key, window: entry.window, count: entry.count }];
    this.counts[entry.kind === 'repeated' ? 'repeated' : 'dropped'] += 1;
    return [];
  }

  private async work(): Promise<void> {
    for (let next = this.queue.shift(); next && !this.stopping.signal.aborted; next = this.queue.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other is what keeps it out of everybody's way
      await this.write(next);
    }
    this.working = undefined;
  }

  private async write({ namespace, owner, template, notes }: Waiting): Promise<void> {
    const workload = await this.owners.workloadOf(namespace, owner, this.stopping.signal);
    const { ref } = workload;
    // Each run of a CronJob is a Job of its own: what was said of the one before is no news.
    const news = ref === owner ? notes : notes.flatMap(({ note }) => this.noted(namespace, ref, note));
    for (const one of [...news, ...this.misplacedOn(namespace, workload, template)]) {
      // oxlint-disable-next-line no-await-in-loop -- so many a second, no more
      await this.turn();
      if (this.stopping.signal.aborted) return;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await this.send(namespace, ref, one);
    }
  }

  /** What can only be told once the workload has been read. */
  private misplacedOn(namespace: string, { ref, metadata }: Workload, template: Json | undefined): Waiting['notes'] {
    const { kind, name } = ref;
    return this.options.misplaced({ kind, name, metadata }, template).flatMap((notice) => {
      const fresh = this.noted(namespace, ref, { ...noticeEventMessage(notice), profile: reasonMessage(notice) });
      if (fresh.length > 0) {
        this.options.logger.warn({ namespace, owner: `${kind}/${name}`, reason: notice.code }, reasonMessage(notice));
        this.options.onNotice?.(notice);
      }
      return fresh;
    });
  }

  /** Waits for its turn, or for the end. */
  private async turn(): Promise<void> {
    const ms = this.bucket.take();
    if (ms === 0 || this.stopping.signal.aborted) return;
    await sleep(this.clock, ms, this.stopping.signal);
    await this.turn();
  }

  private async send(namespace: string, ref: ObjectRef, one: Waiting['notes'][number]): Promise<void> {
    const answer = await this.options.cluster.sendJson(`/api/v1/namespaces/${namespace}/events?${MANAGER}`, {
      ...LIMITS,
      method: 'POST',
      body: eventObject(namespace, ref, one, new Date((this.options.wall ?? Date.now)()).toISOString()),
      signal: this.stopping.signal,
    });
    if (answer.kind === 'ok') this.counts.written += 1;
    else if (answer.kind === 'http' && answer.reason === 'AlreadyExists') this.counts.known += 1;
    else if (answer.kind !== 'aborted') {
      this.counts.failed += 1;
      this.log.trouble({ namespace }, `an Event could not be written: ${describeFailure(answer)}`);
      return;
    }
    this.log.over({}, 'Events are written again');
  }
}

const LIMITS = { timeoutMs: 3_000, maxBytes: 256 * 1024 };

const COMPONENT = 'agent-injector';

const MANAGER = `fieldManager=${COMPONENT}`;

function eventObject(
  namespace: string,
  ref: ObjectRef,
  { note, key, window, count }: Waiting['notes'][number],
  now: string,
): JsonObject {
  // Of the replicas that see pods of one workload, the first writes, and the others find it there.
  const digest = createHash('sha256').update(`${key} ${window}`).digest('hex').slice(0, 16);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${ref.name.slice(0, 230)}.${digest}`, namespace },
    involvedObject: {
      apiVersion: ref.apiVersion,
      kind: ref.kind,
      namespace,
      name: ref.name,
      ...(ref.uid !== undefined && { uid: ref.uid }),
    },
    type: note.type,
    reason: note.reason,
    message: note.message,
    count,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component: COMPONENT },
    reportingComponent: COMPONENT,
    reportingInstance: COMPONENT,
  };
}
