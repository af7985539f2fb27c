import { type Breaker, isStopping, readBreakers } from '../../api/breaker.ts';
import type { KubeClient } from '../client/types.ts';
import type { ObjectName } from '../object-name.ts';
import type { ReflectorStatus } from '../watch/reflector.ts';
import type { CacheOptions } from './cache.ts';
import { ConfigMapWatch } from './config-map.ts';

type All = ReadonlyMap<string, Breaker>;

/** Watches the ConfigMap with the circuit breakers. Without it, all are closed. */
export class BreakerWatch {
  readonly #watch: ConfigMapWatch<All>;
  #stopping = new Map<string, readonly Breaker[] | undefined>();

  constructor(client: KubeClient, options: CacheOptions & ObjectName) {
    const onChange = (): void => {
      this.#stopping = new Map();
    };
    this.#watch = new ConfigMapWatch<All>(client, { ...options, read: readBreakers, onChange });
  }

  start(): this {
    this.#watch.start();
    return this;
  }

  /** All breakers that are not closed, by their keys. */
  all(): All {
    return this.#watch.value();
  }

  /** Those that stop injection into pods of the namespace, and those of profiles; undefined if there is none. The same list until one changes. */
  stoppingIn(namespace: string): readonly Breaker[] | undefined {
    if (this.all().size === 0) return undefined;
    const known = this.#stopping.get(namespace);
    if (known || this.#stopping.has(namespace)) return known;
    const found = [...this.all().values()].filter(
      (one) => isStopping(one) && (one.workload === '' || one.namespace === namespace),
    );
    const list = found.length === 0 ? undefined : found;
    this.#stopping.set(namespace, list);
    return list;
  }

  /** What was just written, before the watch shows it: a step must not be taken twice. */
  apply(changes: readonly { readonly kind: 'set' | 'close'; readonly key: string; readonly breaker: Breaker }[]): void {
    const all = new Map(this.all());
    for (const { kind, key, breaker } of changes) {
      if (kind === 'set') all.set(key, breaker);
      else all.delete(key);
    }
    this.#watch.set(all);
  }

  whenTried(): Promise<void> {
    return this.#watch.whenTried();
  }

  status(): ReflectorStatus {
    return this.#watch.status();
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }
}
