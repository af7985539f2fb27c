import { isObject, type JsonObject } from '../../lib/json.ts';
import { systemClock } from '../../lib/clock.ts';
import { ProblemLog } from '../../lib/logger.ts';
import type { KubeClient } from '../client/types.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import { BoundedStore } from '../watch/store.ts';
import type { CacheOptions } from './cache.ts';

/** Kubernetes creates one in every namespace; pods do not take variables from it. */
const ROOT_CA = 'kube-root-ca.crt';

/** A ConfigMap is up to 1 MiB, and the API server collects a page before it sends it. */
const PAGE_ITEMS = 25;

type Keys = readonly string[] | 'unknown';

/** One for each state of a ConfigMap that is asked for: decisions that are remembered keep it, by the thousand. */
const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

function setOf(keys: readonly string[]): ReadonlySet<string> {
  const set = sets.get(keys) ?? new Set(keys);
  sets.set(keys, set);
  return set;
}

/**
 * Mirrors the names of the keys of all ConfigMaps. Values are dropped as they are read. Needs list and watch of configmaps in all namespaces.
 */
export class ConfigMapKeys {
  readonly #reflector: Reflector<Keys>;

  constructor(client: KubeClient, options: CacheOptions) {
    const full = new ProblemLog(options.logger, options.clock ?? systemClock);
    this.#reflector = new Reflector({
      ...options,
      client,
      path: '/api/v1/configmaps',
      metadataOnly: false,
      fieldSelector: `metadata.name!=${ROOT_CA}`,
      pageItems: PAGE_ITEMS,
      transform: keysOf,
      createStore: () =>
        new BoundedStore<Keys>({
          limit: MAX_STORED,
          sizeOf: (keys) => (keys === 'unknown' ? 0 : lengthOf(keys)),
          substitute: 'unknown',
          onFull: () => full.report({}, FULL),
        }),
    });
  }

  start(): this {
    this.#reflector.start();
    return this;
  }

  /** The names of the keys; undefined while they are unknown or stale. The same object until the ConfigMap changes. */
  get(namespace: string, name: string): ReadonlySet<string> | undefined {
    if (!this.#reflector.isFresh()) return undefined;
    const keys = this.#reflector.get(`${namespace}/${name}`);
    return keys === undefined || keys === 'unknown' ? undefined : setOf(keys);
  }

  status(): ReflectorStatus {
    return this.#reflector.status();
  }

  stop(): Promise<void> {
    return this.#reflector.stop();
  }
}

const NO_KEYS: readonly string[] = Object.freeze([]);

/** Characters of the keys of all ConfigMaps. */
const MAX_STORED = 16 * 1024 * 1024;

const FULL = 'the ConfigMaps have too many keys to know all: those of some count as unknown';

/** Characters of all keys of one ConfigMap: a ConfigMap of 1 MiB can consist of keys. The keys of a larger one are unknown. */
const MAX_LENGTH = 8192;

/** Variables come from `data` only, not from `binaryData` (k8s.io/kubernetes kubelet_pods.go makeEnvironmentVariables). */
function keysOf({ data }: JsonObject): Keys {
  const keys = isObject(data) ? Object.keys(data) : NO_KEYS;
  return lengthOf(keys) > MAX_LENGTH ? 'unknown' : keys;
}

function lengthOf(keys: readonly string[]): number {
  return keys.reduce((length, key) => length + key.length, 0);
}
