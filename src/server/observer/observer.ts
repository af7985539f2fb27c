import { breakerText } from '../../api/breaker.ts';
import { BreakerWatch } from '../../cluster/caches/breakers.ts';
import { InjectedPods } from '../../cluster/caches/injected-pods.ts';
import { describeFailure } from '../../cluster/client/errors.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { evictPod } from '../../cluster/pods/evict.ts';
import type { EventWriter } from '../../cluster/events/writer.ts';
import type { ReflectorStatus } from '../../cluster/watch/reflector.ts';
import type { ObjectName } from '../../cluster/object-name.ts';
import { changeConfigMap } from '../../cluster/switch-store.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/error-message.ts';
import { type Logger, ProblemLog } from '../../lib/logger.ts';
import { Breakers } from '../../observer/breakers.ts';
import type { Census } from '../../observer/census.ts';
import type { Comparison } from '../../observer/comparison.ts';
import { type BreakerLimits, MAX_RUNS_MS } from '../../observer/limits.ts';
import type { Step } from '../../observer/steps.ts';
import { compare } from './compare.ts';
import { breakerReport, failureReports, type Report } from './reports.ts';

export interface ObserverOptions {
  readonly client: KubeClient;
  /** The ConfigMap with the breakers. */
  readonly at: ObjectName;
  readonly limits: BreakerLimits;
  readonly events: Pick<EventWriter, 'enqueue'> | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly wall: () => number;
}

export type EvictionResult = 'evicted' | 'refused' | 'failed';

/** How often the evidence is weighed. */
const INTERVAL_MS = 1_000;

const EVICTION_LIMITS = { timeoutMs: 10_000, maxBytes: 64 * 1024 };

const HOUR_MS = 3_600_000;

/** Lists of pods that are made in one pass. */
const MAX_COMPARISONS = 5;

/** Watches the injected pods, reports what becomes of them, and opens and closes circuit breakers, in the replica that leads. */
export class Observer {
  readonly evictions: Record<EvictionResult, number> = { evicted: 0, refused: 0, failed: 0 };
  readonly #options: ObserverOptions;
  readonly #breakers: BreakerWatch;
  readonly #log: ProblemLog;
  #pods: InjectedPods | undefined;
  #reported = { hour: 0, keys: new Set<string>() };

  constructor(options: ObserverOptions) {
    const { client, at, logger, clock } = options;
    this.#options = options;
    this.#log = new ProblemLog(logger, clock);
    this.#breakers = new BreakerWatch(client, { ...at, logger, clock }).start();
  }

  breakers(): BreakerWatch {
    return this.#breakers;
  }

  /** Undefined in a replica that does not lead, and before the first list is complete. */
  census(): Census | undefined {
    return this.#pods?.census();
  }

  caches(): Readonly<Record<string, ReflectorStatus>> {
    return { breakers: this.#breakers.status(), ...(this.#pods && { pods: this.#pods.status() }) };
  }

  /** Observes until the signal is aborted. */
  async lead(signal: AbortSignal): Promise<void> {
    const { client, limits, logger, clock } = this.#options;
    const pods = new InjectedPods(client, { logger, clock }).start();
    this.#pods = pods;
    const logic = new Breakers(limits);
    const comparisons = new Map<string, Comparison>();
    while (!signal.aborted) {
      const census = pods.census();
      // oxlint-disable-next-line no-await-in-loop -- one pass after the other
      if (census && this.#breakers.status().synced) await this.#pass(logic, census, comparisons, signal);
      // oxlint-disable-next-line no-await-in-loop -- as above
      await sleep(clock, INTERVAL_MS, signal);
    }
    this.#pods = undefined;
    await pods.stop();
  }

  async stop(): Promise<void> {
    await this.#breakers.stop();
  }

  async #pass(
    logic: Breakers,
    census: Census,
    comparisons: Map<string, Comparison>,
    signal: AbortSignal,
  ): Promise<void> {
    const { wall } = this.#options;
    for (const report of failureReports(census)) this.#reportFailure(report);
    const { ageMs } = this.#pods?.status() ?? {};
    const steps = logic.next({ census, breakers: this.#breakers.all(), comparisons, now: wall(), ageMs });
    await this.#write(steps, census);
    await this.#compare(steps, comparisons, signal);
    const evicted = steps.find((step) => step.kind === 'evict');
    // Another replica may lead by now.
    if (evicted && !signal.aborted) await this.#evict(evicted);
  }

  async #compare(steps: readonly Step[], comparisons: Map<string, Comparison>, signal: AbortSignal): Promise<void> {
    const { client, limits, wall } = this.#options;
    for (const [key, { at }] of comparisons) if (wall() - at > HOUR_MS) comparisons.delete(key);
    const runsMs = Math.min(limits.graceMs, MAX_RUNS_MS);
    for (const step of steps.filter((one) => one.kind === 'compare').slice(0, MAX_COMPARISONS)) {
      if (signal.aborted) return;
      try {
        // oxlint-disable-next-line no-await-in-loop -- one list at a time
        comparisons.set(step.key, await compare(client, step, { now: wall(), runsMs, signal }));
        this.#log.resolve({}, 'pods can be compared again');
      } catch (error) {
        if (!signal.aborted) this.#log.report({}, errorMessage(error));
      }
    }
  }

  /** The writer keeps to one Event in an hour, too; it counts each that it is asked for. */
  #reportFailure({ namespace, pod, message }: Report): void {
    const hour = Math.floor(this.#options.wall() / HOUR_MS);
    if (this.#reported.hour !== hour) this.#reported = { hour, keys: new Set() };
    const key = JSON.stringify([namespace, pod.metadata.ownerReferences]);
    if (this.#reported.keys.has(key)) return;
    this.#reported.keys.add(key);
    this.#options.events?.enqueue(namespace, pod, [message]);
  }

  /** Writes all changes at once, and goes on with what it has written when the watch shows it. */
  async #write(steps: readonly Step[], census: Census): Promise<void> {
    const { client, at, events, logger } = this.#options;
    const changes = steps.filter((step) => step.kind === 'set' || step.kind === 'close');
    if (changes.length === 0) return;
    const data = changes.map((step) => [step.key, step.kind === 'set' ? breakerText(step.breaker) : null] as const);
    const written = await changeConfigMap(client, at, Object.fromEntries(data), 'agent-injector-observer');
    if (!written.ok) return this.#log.report({}, `the breakers cannot be written: ${written.why}`);
    this.#breakers.apply(changes);
    for (const { kind, breaker } of changes) {
      const { namespace, shown, profiles, phase, why, trial } = breaker;
      const about = { namespace, workload: shown, profiles, phase: kind === 'close' ? 'closed' : phase, why, trial };
      logger.warn(about, 'a circuit breaker has changed');
      if (trial !== undefined && kind === 'set') continue;
      const report = breakerReport(breaker, kind === 'close', census);
      if (report) events?.enqueue(report.namespace, report.pod, [report.message]);
    }
  }

  /** By the Eviction API, which keeps to PodDisruptionBudgets: a refused eviction is tried again. */
  async #evict({ namespace, pod, uid }: Extract<Step, { kind: 'evict' }>): Promise<void> {
    const { client, logger } = this.#options;
    const answer = await evictPod(client, { namespace, name: pod, uid }, EVICTION_LIMITS);
    const isRefused = answer.kind === 'http' && answer.status === 429;
    this.evictions[answer.kind === 'ok' ? 'evicted' : isRefused ? 'refused' : 'failed'] += 1;
    if (answer.kind === 'ok') logger.warn({ namespace, pod }, 'evicted a pod that fails with the agent');
    else logger.warn({ namespace, pod }, `a pod could not be evicted: ${describeFailure(answer)}`);
  }
}
