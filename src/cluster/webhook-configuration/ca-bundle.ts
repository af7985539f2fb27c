import { type Clock, systemClock } from '../../lib/clock.ts';
import { isObject, type JsonObject } from '../../lib/json.ts';
import { type Logger, TroubleLog } from '../../lib/logger.ts';
import { describeFailure } from '../client/errors.ts';
import type { ApiResponse, KubeClient } from '../client/types.ts';
import { Reflector } from '../watch/reflector.ts';
import type { ReflectorTiming } from '../watch/timing.ts';
import { type Drift, driftOf, type Service } from './drift.ts';
import { pemOf, WEBHOOK_CONFIGURATIONS, webhooksOf } from './entries.ts';

export interface CaBundleWriterOptions {
  readonly cluster: KubeClient;
  /** Of the MutatingWebhookConfiguration. Needs list, watch and patch of that one. */
  readonly name: string;
  readonly service: Service;
  readonly logger: Logger;
  /**
   * Is called after each change of the configuration, whoever made it. Whoever listens says by `want` what caBundle should be now; until then
   * nothing is written, for the change may be another replica's, who knows more. Without a listener, what was last wanted still counts.
   */
  readonly onChange?: () => void;
  readonly timing?: Partial<ReflectorTiming>;
  readonly clock?: Clock;
}

export interface CaBundleStatus {
  readonly state: 'unknown' | 'absent' | 'present';
  /** How often this replica has written caBundle. */
  readonly repairs: number;
  readonly drift: readonly Drift[];
  /** Why nothing is known, or nothing can be written: a sentence fragment. */
  readonly trouble: string | undefined;
}

const RETRY_MS = 1_000;

/** More repairs than these in a minute, and somebody else wants caBundle to be another: from then on it is written once in ten seconds. */
const REPAIRS_A_MINUTE = 30;

const MINUTE_MS = 60_000;

const TRUCE_MS = 10_000;

/**
 * Keeps caBundle of every entry of one MutatingWebhookConfiguration as it should be, and writes nothing else. A write says which version it is
 * about, so of several replicas that see the same damage one writes.
 */
export class CaBundleWriter {
  private readonly options: CaBundleWriterOptions;
  private readonly clock: Clock;
  private readonly reflector: Reflector<JsonObject>;
  private readonly log: TroubleLog;
  private readonly stopping = new AbortController();
  private wanted: ((published: string) => string) | undefined;
  private wantedFor = 0;
  private changes = 0;
  private work: Promise<void> | undefined;
  private busy = false;
  private again = false;
  private cancelRetry = (): void => {};
  private readonly writes: number[] = [];
  private repairs = 0;
  private trouble: string | undefined;
  private told = '';

  constructor(options: CaBundleWriterOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.log = new TroubleLog(options.logger, this.clock);
    this.reflector = new Reflector({
      ...options,
      path: WEBHOOK_CONFIGURATIONS,
      metadataOnly: false,
      keep: (object) => object,
      onChange: () => {
        this.changes += 1;
        this.report();
        if (options.onChange) options.onChange();
        else if (this.wanted) this.want(this.wanted);
      },
    }).start();
  }

  /** Resolves when it is known whether there is a configuration. */
  whenSynced(): Promise<void> {
    return this.reflector.whenSynced();
  }

  /** The caBundle of each entry, PEM; undefined while there is no configuration, or nothing is known of it. */
  published(): readonly string[] | undefined {
    const object = this.reflector.get(this.options.name);
    return object && webhooksOf(object).map((webhook) => pemOf(webhook));
  }

  /** Grows with each change of the configuration. */
  generation(): number {
    return this.changes;
  }

  /**
   * What caBundle should be, made out of what it is, PEM both. Whoever had to look something up for it names the generation that there was before
   * he looked: should there be another by now, nothing is written. So nobody undoes by old knowledge what another did by new.
   */
  want(wanted: (published: string) => string, generation: number = this.changes): void {
    this.wanted = wanted;
    this.wantedFor = generation;
    this.mend();
  }

  status(): CaBundleStatus {
    const { synced, trouble } = this.reflector.status();
    const object = this.reflector.get(this.options.name);
    return {
      state: object ? 'present' : synced ? 'absent' : 'unknown',
      repairs: this.repairs,
      drift: object ? driftOf(webhooksOf(object), this.options.service) : [],
      trouble: this.trouble ?? trouble,
    };
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.cancelRetry();
    await Promise.all([this.reflector.stop(), this.work]);
  }

  /** Looks whether something has to be written, now or as soon as what is being written is done. */
  private mend(): void {
    this.again = true;
    if (!this.busy) this.work = this.mendAll();
  }

  private async mendAll(): Promise<void> {
    // No promise is asked whether work is under way: it would be done a little later than the work, and a call between the two be lost.
    this.busy = true;
    while (this.again && !this.stopping.signal.aborted) {
      this.again = false;
      const patch = this.patch();
      if (patch === undefined) continue;
      if (this.isFighting()) {
        this.retry(TRUCE_MS);
        continue;
      }
      // oxlint-disable-next-line eslint/no-await-in-loop -- one write after the other
      this.conclude(await this.send(patch));
    }
    this.busy = false;
  }

  private send(body: readonly JsonObject[]): Promise<ApiResponse> {
    return this.options.cluster.sendJson(`${WEBHOOK_CONFIGURATIONS}/${this.options.name}?fieldManager=agent-injector`, {
      method: 'PATCH',
      contentType: 'application/json-patch+json',
      body,
      timeoutMs: 5_000,
      maxBytes: 2 * 1024 * 1024,
      signal: this.stopping.signal,
    });
  }

  private conclude(answer: ApiResponse): void {
    const { name } = this.options;
    if (answer.kind === 'ok') {
      this.repairs += 1;
      this.writes.push(this.clock.now());
      this.trouble = undefined;
      this.log.over({ webhookConfiguration: name }, 'caBundle can be written again');
      this.options.logger.info({ webhookConfiguration: name }, 'wrote caBundle');
      return;
    }
    if (answer.kind === 'aborted') return;
    this.retry(RETRY_MS);
    // Another replica was faster, or the configuration was deleted: the watch tells.
    if (answer.kind === 'http' && [404, 409, 422].includes(answer.status)) return;
    this.trouble = `caBundle cannot be written: ${describeFailure(answer)}`;
    this.log.trouble({ webhookConfiguration: name }, this.trouble);
  }

  private retry(ms: number): void {
    this.cancelRetry();
    this.cancelRetry = this.clock.after(ms, () => {
      this.mend();
    });
  }

  private isFighting(): boolean {
    const now = this.clock.now();
    while (this.writes[0] !== undefined && now - this.writes[0] > MINUTE_MS) this.writes.shift();
    const last = this.writes.at(-1);
    if (this.writes.length < REPAIRS_A_MINUTE || last === undefined || now - last >= TRUCE_MS) return false;
    this.log.trouble(
      { webhookConfiguration: this.options.name },
      'somebody else keeps changing caBundle: it is written less often now (does cert-manager inject its CA, too?)',
    );
    return true;
  }

  /** The operations that are needed; undefined when none is. */
  private patch(): readonly JsonObject[] | undefined {
    const { wanted } = this;
    const object = this.reflector.get(this.options.name);
    if (!object || !wanted || this.wantedFor !== this.changes) return undefined;
    const operations = webhooksOf(object).flatMap((webhook, index) => {
      const pem = pemOf(webhook);
      const right = wanted(pem);
      const value = Buffer.from(right).toString('base64');
      return pem === right ? [] : [{ op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value }];
    });
    const version = isObject(object['metadata']) ? (object['metadata']['resourceVersion'] ?? '') : '';
    const isOfThisVersion = { op: 'test', path: '/metadata/resourceVersion', value: version };
    return operations.length === 0 ? undefined : [isOfThisVersion, ...operations];
  }

  /** Says what is not as it should be, once for as long as it stays so. */
  private report(): void {
    const { name, logger } = this.options;
    const { state, drift } = this.status();
    const text =
      state === 'absent'
        ? `there is no MutatingWebhookConfiguration ${name}: waiting for it`
        : drift.map(({ entry, field, expected }) => `${field} of ${entry} should ${expected}`).join('; ');
    if (text === this.told) return;
    this.told = text;
    if (text === '') logger.info({ webhookConfiguration: name }, 'the webhook configuration is as expected');
    else logger.warn({ webhookConfiguration: name }, text);
  }
}
