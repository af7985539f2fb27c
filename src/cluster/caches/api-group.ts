import { API_GROUP, API_GROUP_PATH } from '../../api/target/kinds.ts';
import { sleep, systemClock } from '../../lib/clock.ts';
import { deferred } from '../../lib/deferred.ts';
import { objectsIn, textIn } from '../../lib/json.ts';
import { ProblemLog } from '../../lib/logger.ts';
import { describeFailure, isForbidden, isNotFound } from '../client/errors.ts';
import type { KubeClient } from '../client/types.ts';
import type { ReflectorStatus } from '../watch/reflector.ts';
import type { Cache, CacheOptions } from './cache.ts';
import type { CustomResource } from './custom-resource.ts';

export interface ApiGroupOptions extends CacheOptions {
  /** Time between two questions whether the CRDs are installed, in ms, while one of them is not. */
  readonly paceMs?: number;
}

const PACE_MS = 30_000;

/** After a failure, and before the answer that a CRD is gone is believed: an API server that starts may not know it yet. */
const SOON_MS = 1_000;

const LIMITS = { timeoutMs: 10_000, maxBytes: 256 * 1024 };

/**
 * Mirrors the resources of our API group that are installed, asks now and then for those that are not, and drops those that are uninstalled. Without
 * CRDs, it is one request in half a minute.
 */
export class ApiGroup implements Cache {
  readonly #client: KubeClient;
  readonly #resources: readonly CustomResource<unknown>[];
  readonly #options: ApiGroupOptions;
  readonly #log: ProblemLog;
  readonly #stopping = new AbortController();
  readonly #answered = deferred();
  #wake = new AbortController();
  #running: Promise<void> | undefined;

  constructor(client: KubeClient, resources: readonly CustomResource<unknown>[], options: ApiGroupOptions) {
    this.#client = client;
    this.#resources = resources;
    this.#options = options;
    this.#log = new ProblemLog(options.logger, options.clock ?? systemClock);
  }

  start(): this {
    this.#running ??= this.#run();
    return this;
  }

  /** Resolves when the API server has said what is installed, and each of it was listed or could not be. */
  async whenTried(): Promise<void> {
    await this.#answered.promise;
    await Promise.all(this.#resources.map((one) => one.whenTried()));
  }

  status(): Readonly<Record<string, ReflectorStatus>> {
    return Object.fromEntries(
      this.#resources.flatMap((one) => {
        const status = one.status();
        return status ? [[one.plural, status] as const] : [];
      }),
    );
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await Promise.all(this.#resources.map((one) => one.stop()));
  }

  async #run(): Promise<void> {
    const { clock = systemClock, paceMs = PACE_MS } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- one question after the other
      const isKnown = this.#resources.every(({ isWatched }) => isWatched) || (await this.#follow());
      const wake = new AbortController();
      this.#wake = wake;
      // oxlint-disable-next-line no-await-in-loop -- the pause
      await sleep(clock, isKnown ? paceMs : SOON_MS, AbortSignal.any([signal, wake.signal]));
      // oxlint-disable-next-line no-await-in-loop -- the pause
      if (wake.signal.aborted) await sleep(clock, SOON_MS, signal);
    }
  }

  /** Watches what is installed, and drops what is not. False if that is not known, and soon may be. */
  async #follow(): Promise<boolean> {
    const { signal } = this.#stopping;
    const response = await this.#client.getJson(API_GROUP_PATH, { ...LIMITS, signal });
    if (signal.aborted) return false;
    if (response.kind !== 'ok' && !isNotFound(response)) {
      this.#log.report({ group: API_GROUP }, `which CRDs are installed is unknown: ${describeFailure(response)}`);
      // An API server that forbids the question has answered; one that is away has not.
      if (response.kind === 'http') this.#answered.resolve();
      return isForbidden(response);
    }
    this.#log.resolve({ group: API_GROUP }, 'which CRDs are installed is known again');
    const installed = new Set(response.kind === 'ok' ? objectsIn(response.body, 'resources').map(nameOf) : []);
    for (const one of this.#resources) if (installed.has(one.plural)) await one.watch(() => this.#wake.abort());
    const gone = this.#resources.filter((one) => !installed.has(one.plural) && one.drop());
    if (gone.length > 0)
      this.#options.logger.warn(
        { resources: gone.map(({ plural }) => plural) },
        'custom resources are no longer installed: what they said no longer counts',
      );
    this.#answered.resolve();
    return true;
  }
}

function nameOf(resource: Parameters<typeof textIn>[0]): string {
  return textIn(resource, 'name');
}
