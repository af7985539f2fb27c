import { type Clock, sleep } from '../../lib/clock.ts';
import { type JsonObject, objectsIn } from '../../lib/json.ts';
import type { KubeClient } from '../client/types.ts';
import type { Service } from './drift.ts';
import { WEBHOOK_CONFIGURATIONS } from './entries.ts';
import { PathGate } from './path-gate.ts';
import { asksForSecret, pathsIn, pathToWrite } from './paths.ts';

export interface WebhookPathsOptions {
  readonly client: KubeClient;
  /** Name of the MutatingWebhookConfiguration. Needs list of it. */
  readonly name: string;
  readonly service: Service;
  readonly clock: Clock;
  /** True while the configuration is seen as it is. */
  readonly isFresh: () => boolean;
  /** How long after its first use here every replica knows a secret, in ms. */
  readonly settleMs?: number | undefined;
  readonly graceMs?: number | undefined;
}

/** Least time between two reads of the configuration, in ms: callers of closed paths cause one request per second. */
const READ_INTERVAL_MS = 1_000;

const READ_TIMEOUT_MS = 2_000;

/** The paths of the webhook port: which are open, and which the entries of the configuration should have. */
export class WebhookPaths {
  readonly #options: WebhookPathsOptions;
  readonly #gate: PathGate;
  #secret: { readonly text: string; readonly since: number } | undefined;
  #lastReadAt = -Infinity;
  #nextRead: Promise<boolean> | undefined;

  constructor(options: WebhookPathsOptions) {
    this.#options = options;
    const { clock, isFresh, graceMs } = options;
    this.#gate = new PathGate({ clock, isFresh, ...(graceMs !== undefined && { graceMs }) });
  }

  /** Called with each state of the configuration. One that was deleted closes no path. */
  see(configuration: JsonObject | undefined): void {
    if (configuration) this.#gate.show(pathsIn(configuration, this.#options.service));
  }

  /** Sets the secret that replicas share, and opens its paths. */
  use(secret: string): void {
    if (secret === this.#secret?.text) return;
    this.#secret = { text: secret, since: this.#options.clock.now() };
    this.#gate.use(secret);
  }

  /** See `pathToWrite`. Without a secret to share, nothing is written. */
  toWrite(entry: JsonObject, configuration: JsonObject): string | undefined {
    const { service, clock, settleMs = 0 } = this.#options;
    if (!this.#secret) return undefined;
    const { text, since } = this.#secret;
    const secret = asksForSecret(configuration) ? text : undefined;
    return pathToWrite(entry, service, { secret, isKnownEverywhere: clock.now() - since >= settleMs });
  }

  /**
   * True if calls on this path are answered. Before it is false, the configuration is read once more: an API server may know of a change before the
   * watch here does. While the configuration cannot be seen at all, every path is open.
   */
  isOpen(path: string): boolean | Promise<boolean> {
    if (this.#gate.isOpen(path)) return true;
    // A read that has begun says nothing about changes since.
    this.#nextRead ??= this.#read();
    return this.#nextRead.then((isRead) => this.#gate.isOpen(path) || (!isRead && !this.#options.isFresh()));
  }

  async #read(): Promise<boolean> {
    const { client, clock, name, service } = this.#options;
    const waitMs = this.#lastReadAt + READ_INTERVAL_MS - clock.now();
    // In any case later than this call, whose result is still to be stored.
    await (waitMs > 0 ? sleep(clock, waitMs) : Promise.resolve());
    this.#nextRead = undefined;
    this.#lastReadAt = clock.now();
    const query = new URLSearchParams({ fieldSelector: `metadata.name=${name}` });
    const limits = { timeoutMs: READ_TIMEOUT_MS, maxBytes: 8 * 1024 * 1024 };
    const answer = await client.getJson(`${WEBHOOK_CONFIGURATIONS}?${query.toString()}`, limits);
    if (answer.kind !== 'ok') return false;
    for (const found of objectsIn(answer.body, 'items')) this.#gate.admit(pathsIn(found, service));
    return true;
  }
}
