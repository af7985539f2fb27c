import { type KubernetesVersion, parseVersion, versionText } from '../../kubernetes/version.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { type Logger, TroubleLog } from '../../lib/logger.ts';
import { describeFailure } from '../client/errors.ts';
import type { KubeClient } from '../client/types.ts';

export interface ServerVersionOptions {
  readonly cluster: KubeClient;
  /** How often a connection to the API server broke: one that comes back may be another. */
  readonly reconnects: () => number;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** How often to see whether it is time to ask. Between failures, too. */
const CHECK_EVERY_MS = 10_000;

const ASK_EVERY_MS = 600_000;

const TIMEOUT_MS = 3_000;

const MAX_BYTES = 64 * 1024;

/**
 * The API server's version, asked for at the start, every ten minutes, and after a connection broke, as in an upgrade. What was heard last
 * counts until something else is heard. Everybody who is authenticated may ask (ClusterRole system:public-info-viewer).
 */
export class ServerVersion {
  private readonly options: ServerVersionOptions;
  private readonly clock: Clock;
  private readonly log: TroubleLog;
  private readonly stopping = new AbortController();
  private known: KubernetesVersion | undefined;
  private answeredAt = -Infinity;
  private reconnects = 0;
  private asking: Promise<void> | undefined;
  private cancelCheck = (): void => {};

  constructor(options: ServerVersionOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.log = new TroubleLog(options.logger, this.clock);
  }

  /** Begins to ask; `stop` ends it. Resolves with the first answer, or when it is given up for now: within three seconds. */
  async start(): Promise<void> {
    await this.check();
  }

  get(): KubernetesVersion | undefined {
    return this.known;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.cancelCheck();
    await this.asking;
  }

  private async check(): Promise<void> {
    const reconnects = this.options.reconnects();
    const isDue = reconnects !== this.reconnects || this.clock.now() - this.answeredAt >= ASK_EVERY_MS;
    if (isDue) {
      this.asking = this.ask(reconnects);
      await this.asking;
    }
    if (this.stopping.signal.aborted) return;
    this.cancelCheck = this.clock.after(CHECK_EVERY_MS, () => void this.check());
  }

  private async ask(reconnects: number): Promise<void> {
    const { cluster, logger } = this.options;
    const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES, signal: this.stopping.signal };
    const answer = await cluster.getJson('/version', limits);
    if (this.stopping.signal.aborted) return;
    const text = answer.kind === 'ok' ? answer.body['gitVersion'] : undefined;
    const version = typeof text === 'string' ? parseVersion(text) : undefined;
    if (!version) {
      const why = answer.kind === 'ok' ? 'the API server sent something that is no version' : describeFailure(answer);
      this.log.trouble({}, `the version of Kubernetes is not known: ${why}`);
      return;
    }
    this.answeredAt = this.clock.now();
    this.reconnects = reconnects;
    this.log.over({}, 'the version of Kubernetes is known');
    if (!this.known || versionText(this.known) !== versionText(version))
      logger.info({ kubernetes: versionText(version) }, 'version of the API server');
    this.known = version;
  }
}
