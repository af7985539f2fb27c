import { type Clock, systemClock } from '../../lib/clock.ts';
import { coalesce } from '../../lib/coalesce.ts';
import type { JsonObject } from '../../lib/json.ts';
import { type Logger, ProblemLog } from '../../lib/logger.ts';
import { WriteTruce } from '../../lib/write-truce.ts';
import { describeFailure } from '../client/errors.ts';
import type { ApiResponse, KubeClient } from '../client/types.ts';
import { Reflector } from '../watch/reflector.ts';
import type { ReflectorTiming } from '../watch/timing.ts';
import { type Drift, findDrift, type Service } from './drift.ts';
import { caBundleOf, WEBHOOK_CONFIGURATIONS, webhooksOf } from './entries.ts';
import { configurationPatch, type ConfigurationPatch } from './patch.ts';
import { WebhookPaths, type WebhookPathsOptions } from './webhook-paths.ts';

export interface CaBundleWriterOptions {
  readonly client: KubeClient;
  /** Name of the MutatingWebhookConfiguration. Needs list, watch and patch of it. */
  readonly name: string;
  readonly service: Service;
  readonly logger: Logger;
  readonly timing?: Partial<ReflectorTiming>;
  readonly clock?: Clock;
  readonly settleMs?: WebhookPathsOptions['settleMs'];
  readonly graceMs?: WebhookPathsOptions['graceMs'];
}

export interface CaBundleStatus {
  readonly state: 'unknown' | 'absent' | 'present';
  readonly repairs: number;
  readonly drift: readonly Drift[];
  readonly problem: string | undefined;
}

const RETRY_MS = 1_000;

/** More writes in a minute mean that another writer wants a different caBundle. */
const MAX_WRITES_PER_MINUTE = 30;

const CONTENDED =
  'another writer keeps changing what is written into the webhook configuration: writing at most once every 10 s. Check whether cert-manager also injects a CA';

/**
 * Keeps caBundle and, if there is a secret for it, the path of every entry of one MutatingWebhookConfiguration correct and writes nothing else. A
 * write names the resourceVersion that it is based on, so only one of several replicas repairs the same damage.
 */
export class CaBundleWriter {
  readonly paths: WebhookPaths;
  readonly #options: CaBundleWriterOptions;
  readonly #clock: Clock;
  readonly #reflector: Reflector<JsonObject>;
  readonly #log: ProblemLog;
  readonly #stopping = new AbortController();
  readonly #sync = coalesce(() => this.#syncOnce());
  #onChange: (() => void) | undefined;
  #wanted: ((published: string) => string) | undefined;
  #wantedGeneration = 0;
  #generation = 0;
  #cancelRetry = (): void => {};
  readonly #truce: WriteTruce;
  #repairs = 0;
  #problem: string | undefined;
  #loggedDrift = '';

  constructor(options: CaBundleWriterOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#truce = new WriteTruce(this.#clock, MAX_WRITES_PER_MINUTE);
    this.#log = new ProblemLog(options.logger, this.#clock);
    this.paths = new WebhookPaths({ ...options, clock: this.#clock, isFresh: () => this.#reflector.isFresh() });
    this.#reflector = new Reflector({
      ...options,
      path: WEBHOOK_CONFIGURATIONS,
      metadataOnly: false,
      fieldSelector: `metadata.name=${options.name}`,
      transform: (object) => object,
      createStore: () => new Map<string, JsonObject>(),
      onChange: () => {
        this.#generation += 1;
        this.paths.see(this.#reflector.get(options.name));
        this.#logDrift();
        if (this.#onChange) this.#onChange();
        else if (this.#wanted) this.want(this.#wanted);
      },
    });
  }

  /**
   * Starts to watch and write, until `stop`. `onChange` is called after each change of the configuration. Nothing is written after a change until
   * `want` is called, since the change may be that of a replica that knows more. Without `onChange` the last `want` stays in force.
   */
  start(onChange?: () => void): this {
    this.#onChange = onChange;
    this.#reflector.start();
    return this;
  }

  whenSynced(): Promise<void> {
    return this.#reflector.whenSynced();
  }

  /** PEM; undefined while the configuration does not exist or is unknown. */
  published(): readonly string[] | undefined {
    const object = this.#reflector.get(this.#options.name);
    return object && webhooksOf(object).map(caBundleOf);
  }

  generation(): number {
    return this.#generation;
  }

  /** Sets the secret that replicas share, for the paths of the entries. */
  usePathSecret(secret: string): void {
    this.paths.use(secret);
  }

  /**
   * Sets what caBundle should be, as a function of the published one; PEM both. Callers pass the generation they started from: if it has changed
   * since, the write is dropped (optimistic concurrency).
   */
  want(wanted: (published: string) => string, generation: number = this.#generation): void {
    this.#wanted = wanted;
    this.#wantedGeneration = generation;
    void this.#sync();
  }

  status(): CaBundleStatus {
    const { synced, problem } = this.#reflector.status();
    const object = this.#reflector.get(this.#options.name);
    return {
      state: object ? 'present' : synced ? 'absent' : 'unknown',
      repairs: this.#repairs,
      drift: object ? findDrift(webhooksOf(object), this.#options.service) : [],
      problem: this.#problem ?? (this.#truce.isOn() ? CONTENDED : problem),
    };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelRetry();
    await Promise.all([this.#reflector.stop(), this.#sync()]);
  }

  async #syncOnce(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const patch = this.#patch();
    if (patch === undefined) return;
    const delay = this.#truce.delay();
    if (this.#truce.isOn()) this.#log.report({ webhookConfiguration: this.#options.name }, CONTENDED);
    if (delay > 0) this.#retryAfter(delay);
    else this.#record(await this.#send(patch), patch);
  }

  #send({ operations: body }: ConfigurationPatch): Promise<ApiResponse> {
    const path = `${WEBHOOK_CONFIGURATIONS}/${this.#options.name}?fieldManager=agent-injector`;
    return this.#options.client.sendJson(path, {
      method: 'PATCH',
      contentType: 'application/json-patch+json',
      body,
      timeoutMs: 5_000,
      maxBytes: 2 * 1024 * 1024,
      signal: this.#stopping.signal,
    });
  }

  #record(response: ApiResponse, { fields }: ConfigurationPatch): void {
    const { name, logger } = this.#options;
    if (response.kind === 'ok') {
      if (fields.includes('caBundle')) this.#repairs += 1;
      this.#truce.written();
      this.#problem = undefined;
      if (!this.#truce.isOn()) this.#log.resolve({ webhookConfiguration: name }, 'caBundle can be written again');
      logger.info({ webhookConfiguration: name }, `wrote ${fields.join(' and ')}`);
      return;
    }
    if (response.kind === 'aborted') return;
    this.#retryAfter(RETRY_MS);
    // Another replica was faster, or the configuration was deleted: the watch reports it.
    if (response.kind === 'http' && [404, 409, 422].includes(response.status)) return;
    this.#problem = `${fields.join(' and ')} cannot be written: ${describeFailure(response)}`;
    this.#log.report({ webhookConfiguration: name }, this.#problem);
  }

  #retryAfter(ms: number): void {
    this.#cancelRetry();
    this.#cancelRetry = this.#clock.after(ms, () => void this.#sync());
  }

  #patch(): ConfigurationPatch | undefined {
    const caBundle = this.#wanted;
    const object = this.#reflector.get(this.#options.name);
    if (!object || !caBundle || this.#wantedGeneration !== this.#generation) return undefined;
    return configurationPatch(object, { caBundle, path: (entry) => this.paths.toWrite(entry, object) });
  }

  #logDrift(): void {
    const { name, logger } = this.#options;
    const { state, drift } = this.status();
    const text =
      state === 'absent'
        ? `MutatingWebhookConfiguration ${name} does not exist: waiting until it is created`
        : drift.map(({ entry, field, expected }) => `${field} of ${entry} should ${expected}`).join('; ');
    if (text === this.#loggedDrift) return;
    this.#loggedDrift = text;
    if (text === '') logger.info({ webhookConfiguration: name }, 'the webhook configuration is as expected');
    else logger.warn({ webhookConfiguration: name }, text);
  }
}
