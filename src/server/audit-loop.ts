import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KubeClient } from '../cluster/client/types.ts';
import { isForbidden } from '../cluster/one-shot.ts';
import { describeInterruption } from '../cluster/watch/backoff.ts';
import { PagedList } from '../cluster/watch/list.ts';
import { AuditCounts, type AuditFigures } from '../diagnostics/audit.ts';
import type { ClusterState as Facts } from '../kubernetes/cluster-state.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { decodePod } from '../kubernetes/pod.ts';
import { type Clock, sleep, systemClock } from '../lib/clock.ts';
import { isObject, type JsonObject, textIn } from '../lib/json.ts';
import type { Logger } from '../lib/logger.ts';
import { traceOf } from '../lib/stack-trace.ts';
import type { AuditGauges } from '../metrics/audits.ts';
import type { Catalogue } from '../profiles/catalogue.ts';

/** What a server audits by: what its reviews go by, too. */
export interface AuditSources {
  readonly api: KubeClient;
  readonly catalogue: () => Catalogue;
  readonly facts: () => Facts;
  readonly namespaces: { readonly get: (name: string) => Namespace | undefined };
  /** Namespaces that nobody is called for, whatever their labels are. */
  readonly excluded: ReadonlySet<string>;
}

export interface AuditLoopOptions {
  readonly intervalMs: number;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** A page is parsed in one turn of the event loop, during which no review is answered: 25 pods with all that clusters add are a few ms. */
const PAGE_ITEMS = 25;

const PAGE_PATIENCE_MS = 30_000;

/**
 * Goes through the pods of the cluster again and again and counts what `agent-injector audit` finds, beside the reviews: one page in memory, one
 * pod a turn, nothing kept but numbers. Annotations cannot be selected by, so all pods are listed, and most are passed over at once. Needs list of
 * pods; without it there are no figures, a warning says so once, and it is tried again.
 */
export class AuditLoop {
  private readonly sources: AuditSources;
  private readonly options: AuditLoopOptions;
  private readonly clock: Clock;
  private readonly list: PagedList;
  private readonly ending = new AbortController();
  private running: Promise<void> | undefined;
  private last: { readonly figures: AuditFigures; readonly at: number } | undefined;
  private trouble = '';

  constructor(sources: AuditSources, options: AuditLoopOptions) {
    this.sources = sources;
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.list = new PagedList({
      client: sources.api,
      path: '/api/v1/pods',
      metadataOnly: false,
      selector: {},
      pageItems: PAGE_ITEMS,
    });
  }

  /** Begins; the first audit is at once. `stop` ends it. */
  start(): void {
    this.running ??= this.run();
  }

  /** The figures of the last whole audit, and how old they are; undefined where there is none. No I/O. */
  gauges(): AuditGauges | undefined {
    return this.last && { ...this.last.figures, ageMs: this.clock.now() - this.last.at };
  }

  /** Resolves when no request and no timer is left. */
  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { intervalMs, random = Math.random } = this.options;
    while (!this.ending.signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other is what it is for
      await this.audit();
      // Replicas that were started together need not list together for ever.
      // oxlint-disable-next-line no-await-in-loop -- as above
      await sleep(this.clock, intervalMs * (0.9 + random() / 5), this.ending.signal);
    }
  }

  private async audit(): Promise<void> {
    const { signal } = this.ending;
    const counts = new AuditCounts();
    const defects = new Map<string, JsonObject>();
    // One set of profiles for the whole audit.
    const basis = { catalogue: this.sources.catalogue(), cluster: this.sources.facts() };
    const onPage = async (items: readonly JsonObject[]): Promise<void> => {
      for (const item of items) {
        // oxlint-disable-next-line no-await-in-loop -- reviews go first
        if (this.look(item, counts, basis, defects)) await nextTurn();
        if (signal.aborted) return;
      }
    };
    const read = await this.list.read({ timeoutMs: PAGE_PATIENCE_MS, signal, onRequest: () => {}, onPage });
    if (signal.aborted) return;
    for (const err of defects.values()) this.options.logger.error({ err }, 'audit: a pod could not be judged');
    if (read.kind === 'listed') {
      this.last = { figures: counts.figures(), at: this.clock.now() };
      if (this.trouble !== '') this.options.logger.info({}, 'audit: the pods of the cluster are counted again');
      this.trouble = '';
      return;
    }
    const isDenied = read.kind === 'failed' && isForbidden(read.failure);
    // Nobody would see that old figures are old for good.
    if (isDenied) this.last = undefined;
    this.tell(isDenied ? `${describeInterruption(read)}; ${REMEDY}` : describeInterruption(read));
  }

  /** Counts a pod; false where there was nothing to do for it. A defect is not the server's end. */
  private look(
    item: JsonObject,
    counts: AuditCounts,
    basis: { readonly catalogue: Catalogue; readonly cluster: Facts },
    defects: Map<string, JsonObject>,
  ): boolean {
    const name = isObject(item['metadata']) ? textIn(item['metadata'], 'namespace') : '';
    const namespace = this.sources.excluded.has(name) ? undefined : this.sources.namespaces.get(name);
    const decoded = namespace && decodePod(item);
    if (!namespace || !decoded?.ok) return false;
    try {
      counts.add({ pod: decoded.value, namespace, ...basis });
    } catch (error) {
      const trace = traceOf(error);
      defects.set(JSON.stringify(trace), trace);
    }
    return true;
  }

  /** The same trouble is told once, however long it lasts. */
  private tell(text: string): void {
    if (text === this.trouble) return;
    this.trouble = text;
    this.options.logger.warn({}, `audit: the pods of the cluster are not counted: ${text}`);
  }
}

const REMEDY = 'it needs list of pods (audit.enabled in the chart gives it), or auditInterval: 0';
