import { setImmediate as nextTurn } from 'node:timers/promises';
import { describeFailure, isNotFound } from '../../cluster/client/errors.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { applyStatus } from '../../cluster/resources/apply-status.ts';
import type { ResourceKind } from '../../cluster/resources/resource-kinds.ts';
import { servedKinds } from '../../cluster/resources/served-kinds.ts';
import { type StoredResource, StatusWatch, storedResource } from '../../cluster/resources/status-watch.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import type { JsonObject } from '../../lib/json.ts';
import { type Logger, ProblemLog } from '../../lib/logger.ts';
import { isWritten, type Ownership, renderStatus, type Report, type Status } from '../../resources/status.ts';

export type ReportOn = (resource: StoredResource) => Report | undefined;

/** What is said of the resources of a kind. */
export interface StatusSource {
  readonly kind: ResourceKind;
  readonly ownership: Ownership;
  /**
   * Called once in each pass, and may take its time. What is then to be said of a resource; undefined while there is nothing to say. The same object as long as it says the
   * same costs least.
   */
  readonly reports: () => ReportOn | Promise<ReportOn>;
}

export interface StatusWriterOptions {
  readonly client: KubeClient;
  readonly sources: readonly StatusSource[];
  readonly logger: Logger;
  readonly clock: Clock;
  /** In ms since 1970. */
  readonly wall: () => number;
}

const INTERVAL_MS = 1_000;

/** How often the API server is asked which of our kinds there are. */
const DISCOVERY_MS = 10_000;

/** Between two writes of one resource, unless it has changed itself. */
const WRITE_MS = 30_000;

const RETRY_MS = 5_000;

/** In one pass, of all resources. */
const MAX_WRITES = 50;

/** Resources that are looked at before other work has its turn. */
const SLICE = 200;

/** What was written of a resource, or tried to. */
interface Attempt {
  readonly nextAt: number;
  readonly generation: number;
  /** The resource as the watch had it before, and the status since. */
  readonly over: StoredResource;
  readonly status: JsonObject;
}

/** A kind that is installed. */
interface Installed {
  readonly watch: StatusWatch;
  readonly attempts: Map<string, Attempt>;
  /** What was last found to be written. */
  readonly written: Map<string, Pair>;
}

interface Pair {
  readonly resource: StoredResource;
  readonly report: Report;
}

interface Seen {
  readonly key: string;
  readonly resource: StoredResource;
  readonly report: Report | undefined;
}

interface Due {
  readonly key: string;
  readonly resource: StoredResource;
  readonly status: Status;
  readonly generation: number;
}

/** Writes the status of resources in the replica that leads: only what has changed, and seldom. */
export class StatusWriter {
  /** Of all terms. */
  readonly writes = { written: 0, failed: 0 };
  readonly #options: StatusWriterOptions;
  readonly #log: ProblemLog;
  readonly #installed = new Map<ResourceKind, Installed>();
  #askedAt = -Infinity;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    this.#log = new ProblemLog(options.logger, options.clock);
  }

  /** Writes until the signal is aborted. */
  async lead(signal: AbortSignal): Promise<void> {
    this.#askedAt = -Infinity;
    while (!signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- one pass after the other
      await this.#discover();
      // oxlint-disable-next-line no-await-in-loop -- as above
      await this.#pass(signal);
      // oxlint-disable-next-line no-await-in-loop -- as above
      await sleep(this.#options.clock, INTERVAL_MS, signal);
    }
    await Promise.all([...this.#installed.values()].map(({ watch }) => watch.stop()));
    this.#installed.clear();
  }

  /** Watches the kinds that are installed: they may come and go at any time. */
  async #discover(): Promise<void> {
    const { client, sources, logger, clock } = this.#options;
    if (clock.now() - this.#askedAt < DISCOVERY_MS) return;
    this.#askedAt = clock.now();
    const served = await servedKinds(client);
    if (!served) return;
    for (const { kind } of sources) {
      const known = this.#installed.get(kind);
      if (!known && served.has(kind)) {
        const watch = new StatusWatch(client, kind, { logger, clock }).start();
        this.#installed.set(kind, { watch, attempts: new Map(), written: new Map() });
      }
      if (!known || served.has(kind)) continue;
      logger.info({ kind }, 'the kind is no longer installed: its status is not written');
      this.#installed.delete(kind);
      // oxlint-disable-next-line no-await-in-loop -- its request is aborted
      await known.watch.stop();
    }
  }

  async #pass(signal: AbortSignal): Promise<void> {
    let writes = 0;
    let looked = 0;
    for (const source of this.#options.sources) {
      const of = this.#installed.get(source.kind);
      if (!of) continue;
      forgetDeleted(of);
      // oxlint-disable-next-line no-await-in-loop -- one kind after the other
      const reportOn = await source.reports();
      for (const [key, resource] of of.watch.all()) {
        if (signal.aborted || writes >= MAX_WRITES) return;
        looked += 1;
        // oxlint-disable-next-line no-await-in-loop -- reviews have priority
        if (looked % SLICE === 0) await nextTurn();
        const due = this.#due(source.ownership, of, { key, resource, report: reportOn(resource) });
        if (!due) continue;
        writes += 1;
        // oxlint-disable-next-line no-await-in-loop -- one write at a time
        await this.#write(source, of, due);
      }
    }
  }

  /** What to write now; undefined if there is nothing to write, or not yet. */
  #due(ownership: Ownership, of: Installed, { key, resource, report }: Seen): Due | undefined {
    if (!report || isKnown(of.written.get(key), resource, report)) return undefined;
    const attempt = of.attempts.get(key);
    const previous = attempt?.over === resource ? attempt.status : resource.status;
    const status = renderStatus(previous, report, timeText(this.#options.wall()));
    if (isWritten(previous, status, ownership)) {
      of.written.set(key, { resource, report });
      return undefined;
    }
    const { generation } = report;
    const isDue = attempt?.generation !== generation || this.#options.clock.now() >= attempt.nextAt;
    return isDue ? { key, resource, status, generation } : undefined;
  }

  async #write({ kind, ownership }: StatusSource, { attempts }: Installed, due: Due): Promise<void> {
    const { client, clock } = this.#options;
    const { key, resource, status, generation } = due;
    const answer = await applyStatus(client, resource, status, ownership.manager);
    if (answer.kind === 'ok') {
      this.writes.written += 1;
      const { status: stored } = storedResource(kind, answer.body);
      attempts.set(key, { over: resource, generation, nextAt: clock.now() + WRITE_MS, status: stored });
      this.#log.resolve({}, 'the status of resources can be written again');
      return;
    }
    attempts.set(key, { over: resource, generation, nextAt: clock.now() + RETRY_MS, status: resource.status });
    // It was deleted, or created again under its name: the watch will show it.
    if (isNotFound(answer) || (answer.kind === 'http' && answer.status === 409)) return;
    this.writes.failed += 1;
    const { name, namespace } = resource;
    this.#log.report(
      { kind, name, namespace },
      `the status of a resource cannot be written: ${describeFailure(answer)}`,
    );
  }
}

function isKnown(pair: Pair | undefined, resource: StoredResource, report: Report): boolean {
  return pair?.resource === resource && pair.report === report;
}

function forgetDeleted({ watch, attempts, written }: Installed): void {
  const all = watch.all();
  for (const known of [attempts, written]) {
    if (known.size > all.size) for (const key of known.keys()) if (!all.has(key)) known.delete(key);
  }
}

/** The form of metav1.Time. */
function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, '');
}
