import { INJECTED_LABEL } from '../../api/keys.ts';
import { decodePod } from '../../kubernetes/pod.ts';
import type { JsonObject } from '../../lib/json.ts';
import { Census } from '../../observer/census.ts';
import { type ObservedPod, observePod } from '../../observer/observed-pod.ts';
import type { TimeOf } from '../../observer/trouble.ts';
import type { KubeClient } from '../client/types.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import type { ReflectorTiming } from '../watch/timing.ts';
import type { CacheOptions } from './cache.ts';

/** Pages of whole pods: compressed they have some 150 KB. A relist is as dear as the first list, and finds only what a watch has lost. */
const PAGE_ITEMS = 500;

const TIMING: Partial<ReflectorTiming> = { pageTimeoutMs: 30_000, relistMs: 3_600_000 };

export const timeOf: TimeOf = (text) => Date.parse(text);

const NOT_A_POD: ObservedPod = {
  workload: { namespace: '', key: '', shown: '' },
  profile: '',
  versions: [],
  state: 'ended',
  createdAt: 0,
};

/**
 * Mirrors what became of the pods that carry our label, in some bytes each: an object is reduced as soon as it is parsed. Needs list and watch of
 * pods in all namespaces.
 */
export class InjectedPods {
  readonly #reflector: Reflector<ObservedPod, Census>;

  constructor(client: KubeClient, { timing, ...options }: CacheOptions) {
    this.#reflector = new Reflector<ObservedPod, Census>({
      ...options,
      client,
      path: '/api/v1/pods',
      metadataOnly: false,
      labelSelector: INJECTED_LABEL,
      compressed: true,
      pageItems: PAGE_ITEMS,
      timing: { ...TIMING, ...timing },
      transform: observed,
      createStore: () => new Census(),
    });
  }

  start(): this {
    this.#reflector.start();
    return this;
  }

  /** Undefined before the first list is complete. */
  census(): Census | undefined {
    return this.#reflector.store();
  }

  whenSynced(): Promise<void> {
    return this.#reflector.whenSynced();
  }

  status(): ReflectorStatus {
    return this.#reflector.status();
  }

  stop(): Promise<void> {
    return this.#reflector.stop();
  }
}

function observed(object: JsonObject): ObservedPod {
  const pod = decodePod(object);
  return pod.ok ? observePod(pod.value, timeOf) : NOT_A_POD;
}
