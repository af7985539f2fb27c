import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KubeClient } from '../cluster/client/types.ts';
import { isForbidden } from '../cluster/client/errors.ts';
import { describeInterruption } from '../cluster/watch/backoff.ts';
import { PagedList } from '../cluster/watch/list.ts';
import { AuditCounts, type AuditFigures } from '../diagnostics/audit.ts';
import type { ClusterState } from '../kubernetes/cluster-state.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { decodePod } from '../kubernetes/pod.ts';
import { type Clock, sleep, systemClock } from '../lib/clock.ts';
import { isObject, type JsonObject, textIn } from '../lib/json.ts';
import type { Logger } from '../lib/logger.ts';
import { traceOf } from '../lib/stack-trace.ts';
import type { AuditGauges } from '../metrics/audits.ts';
import type { Catalogue } from '../profiles/catalogue.ts';

export interface AuditSources {
  readonly client: KubeClient;
  readonly catalogue: () => Catalogue;
  readonly clusterState: () => ClusterState;
  readonly namespaces: { readonly get: (name: string) => Namespace | undefined };
  /** Namespaces for which the webhook is never called, whatever their labels. */
  readonly excluded: ReadonlySet<string>;
}

export interface AuditLoopOptions {
  readonly intervalMs: number;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** The API server collects a page before it sends it. */
const PAGE_ITEMS = 25;

const PAGE_TIMEOUT_MS = 30_000;

const REMEDY = 'grant list on pods (audit.enabled in the chart), or set auditInterval to 0';

/**
 * Periodically lists the pods of the cluster and counts what `agent-injector audit` finds: one pod in memory, one pod per turn of the event loop so
 * that reviews come first, and only numbers are retained. Selectors cannot match annotations, so all pods are listed, and most are skipped at
 * once. Requires list on pods; without it there are no figures, one warning is logged, and the next audit tries again.
 */
export class AuditLoop {
  readonly #sources: AuditSources;
  readonly #options: AuditLoopOptions;
  readonly #clock: Clock;
  readonly #list: PagedList;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #last: { readonly figures: AuditFigures; readonly at: number } | undefined;
  #problem = '';

  constructor(sources: AuditSources, options: AuditLoopOptions) {
    this.#sources = sources;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#list = new PagedList({
      client: sources.client,
      path: '/api/v1/pods',
      metadataOnly: false,
      selector: {},
      pageItems: PAGE_ITEMS,
    });
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Figures of the last complete audit, and their age; undefined if there is none. No I/O. */
  gauges(): AuditGauges | undefined {
    return this.#last && { ...this.#last.figures, ageMs: this.#clock.now() - this.#last.at };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { intervalMs, random = Math.random } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- one audit after the other
      await this.#audit(signal);
      // Jitter: replicas that were started together should not list together forever.
      // oxlint-disable-next-line no-await-in-loop -- as above
      await sleep(this.#clock, intervalMs * (0.9 + random() / 5), signal);
    }
  }

  async #audit(signal: AbortSignal): Promise<void> {
    const counts = new AuditCounts();
    const defects = new Map<string, JsonObject>();
    // One set of profiles for the whole audit.
    const basis = { catalogue: this.#sources.catalogue(), cluster: this.#sources.clusterState() };
    const onItem = async (item: JsonObject): Promise<void> => {
      // Reviews go first.
      if (!signal.aborted && this.#count(item, counts, basis, defects)) await nextTurn();
    };
    const read = await this.#list.read({ timeoutMs: PAGE_TIMEOUT_MS, signal, onRequest: () => {}, onItem });
    if (signal.aborted) return;
    for (const err of defects.values()) this.#options.logger.error({ err }, 'audit: a pod could not be evaluated');
    if (read.kind === 'listed') {
      this.#last = { figures: counts.figures(), at: this.#clock.now() };
      if (this.#problem !== '') this.#options.logger.info({}, 'audit: counting pods has resumed');
      this.#problem = '';
      return;
    }
    const isDenied = read.kind === 'failed' && isForbidden(read.failure);
    // Without the permission, the figures would stay outdated unnoticed.
    if (isDenied) this.#last = undefined;
    this.#warn(isDenied ? `${describeInterruption(read)}; ${REMEDY}` : describeInterruption(read));
  }

  /** Counts a pod; false if it was skipped at once. A defect in its evaluation does not end the server. */
  #count(
    item: JsonObject,
    counts: AuditCounts,
    basis: { readonly catalogue: Catalogue; readonly cluster: ClusterState },
    defects: Map<string, JsonObject>,
  ): boolean {
    const name = isObject(item['metadata']) ? textIn(item['metadata'], 'namespace') : '';
    const namespace = this.#sources.excluded.has(name) ? undefined : this.#sources.namespaces.get(name);
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

  #warn(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.logger.warn({}, `audit: the pods of the cluster cannot be counted: ${problem}`);
  }
}
