import { type KubernetesVersion, parseVersion, versionText } from '../../kubernetes/version.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { type Logger, ProblemLog } from '../../lib/logger.ts';
import { describeFailure } from '../client/errors.ts';
import type { KubeClient } from '../client/types.ts';

export interface ServerVersionOptions {
  readonly client: KubeClient;
  /** Number of times a connection to the API server broke: the server that answers next may be another one. */
  readonly reconnects: () => number;
  readonly logger: Logger;
  readonly clock?: Clock;
}

const CHECK_INTERVAL_MS = 10_000;

const REQUEST_INTERVAL_MS = 600_000;

const TIMEOUT_MS = 3_000;

const MAX_BYTES = 64 * 1024;

/**
 * The API server's version, requested at the start, every ten minutes, and after a connection broke, as in an upgrade. The last known version
 * stays until another one is read. Every authenticated user may read it (ClusterRole system:public-info-viewer).
 */
export class ServerVersion {
  readonly #options: ServerVersionOptions;
  readonly #clock: Clock;
  readonly #log: ProblemLog;
  readonly #stopping = new AbortController();
  #version: KubernetesVersion | undefined;
  #answeredAt = -Infinity;
  #reconnects = 0;
  #request: Promise<void> | undefined;
  #tried: Promise<void> | undefined;
  #cancelCheck = (): void => {};

  constructor(options: ServerVersionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = new ProblemLog(options.logger, this.#clock);
  }

  start(): this {
    this.#tried ??= this.#check();
    return this;
  }

  get(): KubernetesVersion | undefined {
    return this.#version;
  }

  /** Resolves when the first request was answered or has failed: within three seconds. */
  async whenTried(): Promise<void> {
    await this.#tried;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelCheck();
    await this.#request;
  }

  async #check(): Promise<void> {
    const reconnects = this.#options.reconnects();
    const isDue = reconnects !== this.#reconnects || this.#clock.now() - this.#answeredAt >= REQUEST_INTERVAL_MS;
    if (isDue) {
      this.#request = this.#read(reconnects);
      await this.#request;
    }
    if (this.#stopping.signal.aborted) return;
    this.#cancelCheck = this.#clock.after(CHECK_INTERVAL_MS, () => void this.#check());
  }

  async #read(reconnects: number): Promise<void> {
    const { client, logger } = this.#options;
    const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES, signal: this.#stopping.signal };
    const response = await client.getJson('/version', limits);
    if (this.#stopping.signal.aborted) return;
    const text = response.kind === 'ok' ? response.body['gitVersion'] : undefined;
    const version = typeof text === 'string' ? parseVersion(text) : undefined;
    if (!version) {
      const why =
        response.kind === 'ok' ? 'the API server sent a response without a version' : describeFailure(response);
      this.#log.report({}, `the Kubernetes version of the API server cannot be read: ${why}`);
      return;
    }
    this.#answeredAt = this.#clock.now();
    this.#reconnects = reconnects;
    this.#log.resolve({}, 'the Kubernetes version of the API server can be read again');
    if (!this.#version || versionText(this.#version) !== versionText(version))
      logger.info({ kubernetes: versionText(version) }, 'read the version of the API server');
    this.#version = version;
  }
}
