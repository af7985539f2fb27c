import { isDeepStrictEqual } from 'node:util';
import { type Breaker, isStopping, readBreakers } from '../../api/breaker.ts';
import { objectIn } from '../../lib/json.ts';
import type { KubeClient } from '../client/types.ts';
import type { ObjectName } from '../switch-store.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import type { CacheOptions } from './cache.ts';

type All = ReadonlyMap<string, Breaker>;

const NONE: All = new Map();

/**
 * Watches the ConfigMap with the circuit breakers. Without it, all are closed; the last known state stays while the API server is unavailable. Needs
 * list and watch of this ConfigMap only.
 */
export class BreakerWatch {
  readonly #reflector: Reflector<All>;
  readonly #key: string;
  #all: All = NONE;
  #stopping = new Map<string, readonly Breaker[] | undefined>();

  constructor(client: KubeClient, { namespace, name, ...options }: CacheOptions & ObjectName) {
    this.#key = `${namespace}/${name}`;
    this.#reflector = new Reflector({
      ...options,
      client,
      path: `/api/v1/namespaces/${namespace}/configmaps`,
      metadataOnly: false,
      fieldSelector: `metadata.name=${name}`,
      transform: (object) => readBreakers(objectIn(object, 'data')),
      createStore: () => new Map<string, All>(),
      onChange: () => this.#update(),
    });
  }

  start(): this {
    this.#reflector.start();
    return this;
  }

  /** All breakers that are not closed, by their keys. */
  all(): All {
    return this.#all;
  }

  /** Those that stop injection into pods of the namespace, and those of profiles; undefined if there is none. The same list until one changes. */
  stoppingIn(namespace: string): readonly Breaker[] | undefined {
    if (this.#all.size === 0) return undefined;
    const known = this.#stopping.get(namespace);
    if (known || this.#stopping.has(namespace)) return known;
    const found = [...this.#all.values()].filter(
      (one) => isStopping(one) && (one.workload === '' || one.namespace === namespace),
    );
    const list = found.length === 0 ? undefined : found;
    this.#stopping.set(namespace, list);
    return list;
  }

  /** What was just written, before the watch shows it: a step must not be taken twice. */
  apply(changes: readonly { readonly kind: 'set' | 'close'; readonly key: string; readonly breaker: Breaker }[]): void {
    const all = new Map(this.#all);
    for (const { kind, key, breaker } of changes) {
      if (kind === 'set') all.set(key, breaker);
      else all.delete(key);
    }
    this.#all = all;
    this.#stopping = new Map();
  }

  whenSynced(): Promise<void> {
    return this.#reflector.whenSynced();
  }

  whenTried(): Promise<void> {
    return this.#reflector.whenTried();
  }

  status(): ReflectorStatus {
    return this.#reflector.status();
  }

  stop(): Promise<void> {
    return this.#reflector.stop();
  }

  #update(): void {
    const all = this.#reflector.get(this.#key) ?? NONE;
    if (isDeepStrictEqual(all, this.#all)) return;
    this.#all = all;
    this.#stopping = new Map();
  }
}
