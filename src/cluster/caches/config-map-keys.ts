import { isObject, type JsonObject } from '../../lib/json.ts';
import type { KubeClient } from '../client/types.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import type { CacheOptions } from './cache.ts';

/** Kubernetes creates one in every namespace; pods do not take variables from it. */
const ROOT_CA = 'kube-root-ca.crt';

/** A ConfigMap is up to 1 MiB, and the API server collects a page before it sends it. */
const PAGE_ITEMS = 25;

/**
 * Mirrors the names of the keys of all ConfigMaps. Values are dropped as they are read. Needs list and watch of configmaps in all namespaces.
 */
export class ConfigMapKeys {
  readonly #reflector: Reflector<readonly string[] | 'unknown'>;

  constructor(client: KubeClient, options: CacheOptions) {
    this.#reflector = new Reflector({
      ...options,
      client,
      path: '/api/v1/configmaps',
      metadataOnly: false,
      fieldSelector: `metadata.name!=${ROOT_CA}`,
      pageItems: PAGE_ITEMS,
      transform: keysOf,
      createStore: () => new Map(),
    });
  }

  start(): this {
    this.#reflector.start();
    return this;
  }

  /** The names of the keys; undefined while they are unknown or stale. */
  get(namespace: string, name: string): ReadonlySet<string> | undefined {
    if (!this.#reflector.isFresh()) return undefined;
    const keys = this.#reflector.get(`${namespace}/${name}`);
    return keys === undefined || keys === 'unknown' ? undefined : new Set(keys);
  }

  status(): ReflectorStatus {
    return this.#reflector.status();
  }

  stop(): Promise<void> {
    return this.#reflector.stop();
  }
}

const NO_KEYS: readonly string[] = Object.freeze([]);

/** Characters of all keys of one ConfigMap: a ConfigMap of 1 MiB can consist of keys. The keys of a larger one are unknown. */
const MAX_LENGTH = 8192;

/** Variables come from `data` only, not from `binaryData` (k8s.io/kubernetes kubelet_pods.go makeEnvironmentVariables). */
function keysOf({ data }: JsonObject): readonly string[] | 'unknown' {
  const keys = isObject(data) ? Object.keys(data) : NO_KEYS;
  return keys.reduce((length, key) => length + key.length, 0) > MAX_LENGTH ? 'unknown' : keys;
}
