import { type Clock, sleep, systemClock } from '../lib/clock.ts';
import { type JsonObject, objectIn, textIn } from '../lib/json.ts';
import { type Logger, ProblemLog } from '../lib/logger.ts';
import { describeFailure, isNotFound } from './client/errors.ts';
import type { ApiResponse, KubeClient } from './client/types.ts';
import type { ObjectName } from './object-name.ts';

/** In ms. The times of client-go: another replica waits for `leaseMs`, and the holder gives up after `renewWithinMs` without a renewal. */
export interface LeaseTiming {
  readonly leaseMs: number;
  readonly renewWithinMs: number;
  readonly retryMs: number;
}

const defaultTiming: LeaseTiming = { leaseMs: 15_000, renewWithinMs: 10_000, retryMs: 2_000 };

export interface LeaseOptions {
  readonly client: KubeClient;
  readonly at: ObjectName;
  /** Differs from that of any other replica. */
  readonly identity: string;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly wall?: () => number;
  readonly timing?: Partial<LeaseTiming>;
}

const LIMITS = { timeoutMs: 4_000, maxBytes: 64 * 1024 };

const API = '/apis/coordination.k8s.io/v1';

/**
 * Elects one of several replicas by a Lease, as client-go does: one that sees a lease unchanged for its whole duration, by its own clock, takes it
 * with the resource version that it has read. Needs get and update of the Lease, and create by its name if it does not exist: the API server
 * creates a Lease that is updated, so that the permission need not be for all names.
 */
export class LeaderElection {
  readonly #options: LeaseOptions;
  readonly #clock: Clock;
  readonly #timing: LeaseTiming;
  readonly #log: ProblemLog;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #leads = false;
  /** What the lease was when it last changed, and when that was seen. */
  #seen = { version: '', at: -Infinity };

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#timing = { ...defaultTiming, ...options.timing };
    this.#log = new ProblemLog(options.logger, this.#clock);
  }

  /** `lead` is called each time that this replica is elected, and must end when its signal is aborted. */
  start(lead: (signal: AbortSignal) => Promise<void>): this {
    this.#running ??= this.#run(lead);
    return this;
  }

  leads(): boolean {
    return this.#leads;
  }

  /** Gives the lease back, so that another replica need not wait for its end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(lead: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const askedAt = this.#clock.now();
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      if (await this.#renew()) await this.#lead(lead, askedAt);
      // oxlint-disable-next-line no-await-in-loop -- as above
      else await sleep(this.#clock, this.#timing.retryMs, signal);
    }
  }

  async #lead(lead: (signal: AbortSignal) => Promise<void>, askedAt: number): Promise<void> {
    const { logger, at, identity } = this.#options;
    const where = `Lease ${at.namespace}/${at.name}`;
    const { signal } = this.#stopping;
    const term = new AbortController();
    logger.info({ identity }, `this replica leads (${where})`);
    this.#leads = true;
    const leading = lead(term.signal);
    await this.#keep(term, askedAt);
    this.#end(term);
    await leading;
    if (signal.aborted) await this.#release();
    else logger.warn({ identity }, `this replica no longer leads: the ${where} could not be renewed`);
  }

  /** Renews the lease until the term ends. A request that hangs cannot make the term longer. */
  async #keep(term: AbortController, askedAt: number): Promise<void> {
    const ended = AbortSignal.any([this.#stopping.signal, term.signal]);
    // Counted from before the request: others may have seen the renewal before its answer was here.
    const endAfter = (from: number): (() => void) =>
      this.#clock.after(from + this.#timing.renewWithinMs - this.#clock.now(), () => this.#end(term));
    let cancel = endAfter(askedAt);
    while (!ended.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- one renewal after the other
      await sleep(this.#clock, this.#timing.retryMs, ended);
      const from = this.#clock.now();
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (ended.aborted || !(await this.#renew())) continue;
      cancel();
      cancel = endAfter(from);
    }
    cancel();
  }

  #end(term: AbortController): void {
    this.#leads = false;
    term.abort();
  }

  /** True if this replica holds the lease now. */
  async #renew(): Promise<boolean> {
    const read = await this.#read();
    if (read.kind !== 'ok' && !isNotFound(read)) return this.#failed(read);
    const lease = read.kind === 'ok' ? read.body : undefined;
    if (lease && !this.#mayTake(lease)) return false;
    const written = await this.#write(this.#renewed(lease));
    if (written.kind === 'ok') this.#log.resolve({}, 'the Lease can be written again');
    return written.kind === 'ok' || this.#failed(written, lease);
  }

  #mayTake(lease: JsonObject): boolean {
    const holder = textIn(objectIn(lease, 'spec'), 'holderIdentity');
    return holder === '' || holder === this.#options.identity || this.#hasExpired(lease);
  }

  #renewed(lease: JsonObject | undefined): JsonObject {
    const { at, identity } = this.#options;
    const { holderIdentity, acquireTime, leaseTransitions: before } = objectIn(lease, 'spec');
    const isOwn = holderIdentity === identity;
    const transitions = typeof before === 'number' ? before : 0;
    const now = this.#now();
    const metadata = { name: at.name, namespace: at.namespace };
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#timing.leaseMs / 1000),
      acquireTime: isOwn ? (acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: isOwn ? transitions : transitions + 1,
    };
    return { ...(lease ?? { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata }), spec };
  }

  #hasExpired(lease: JsonObject): boolean {
    const version = textIn(objectIn(lease, 'metadata'), 'resourceVersion');
    if (version !== this.#seen.version) this.#seen = { version, at: this.#clock.now() };
    return this.#clock.now() - this.#seen.at >= this.#timing.leaseMs;
  }

  async #release(): Promise<void> {
    const read = await this.#read();
    if (read.kind !== 'ok') return;
    const spec = objectIn(read.body, 'spec');
    if (textIn(spec, 'holderIdentity') !== this.#options.identity) return;
    await this.#write({ ...read.body, spec: { ...spec, holderIdentity: '', renewTime: this.#now() } });
  }

  #read(): Promise<ApiResponse> {
    return this.#options.client.getJson(this.#path(), LIMITS);
  }

  #write(body: JsonObject): Promise<ApiResponse> {
    return this.#options.client.sendJson(this.#path(), { ...LIMITS, method: 'PUT', body });
  }

  #path(): string {
    const { namespace, name } = this.#options.at;
    return `${API}/namespaces/${namespace}/leases/${name}`;
  }

  /** A conflict means that another replica was faster. So does an update without a version that is invalid: the Lease was created meanwhile. */
  #failed(response: Exclude<ApiResponse, { kind: 'ok' }>, lease?: JsonObject): false {
    const conflicts = lease ? [409] : [409, 422];
    const isConflict = response.kind === 'http' && conflicts.includes(response.status);
    if (!isConflict) this.#log.report({}, `the Lease could not be read or written: ${describeFailure(response)}`);
    return false;
  }

  /** The form of `metav1.MicroTime`. */
  #now(): string {
    return new Date((this.#options.wall ?? Date.now)()).toISOString().replace('Z', '000Z');
  }
}
