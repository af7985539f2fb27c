import { isDeepStrictEqual } from 'node:util';
import { type JsonObject, objectIn } from '../../lib/json.ts';
import type { KubeClient } from '../client/types.ts';
import type { ObjectName } from '../object-name.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import type { CacheOptions } from './cache.ts';

export interface ConfigMapOptions<Value> extends CacheOptions, ObjectName {
  /** What the data mean; without the ConfigMap, there are none. */
  readonly read: (data: JsonObject) => Value;
  /** Called when the value changes. */
  readonly onChange: (value: Value) => void;
}

/** Watches one ConfigMap. The last known value stays while the API server is unavailable. Needs list and watch of this ConfigMap only. */
export class ConfigMapWatch<Value> {
  readonly #reflector: Reflector<Value>;
  readonly #onChange: (value: Value) => void;
  #value: Value;

  constructor(client: KubeClient, { namespace, name, read, onChange, ...options }: ConfigMapOptions<Value>) {
    const none = read({});
    this.#value = none;
    this.#onChange = onChange;
    this.#reflector = new Reflector({
      ...options,
      client,
      path: `/api/v1/namespaces/${namespace}/configmaps`,
      metadataOnly: false,
      fieldSelector: `metadata.name=${name}`,
      transform: (object) => read(objectIn(object, 'data')),
      createStore: () => new Map<string, Value>(),
      onChange: () => this.set(this.#reflector.get(`${namespace}/${name}`) ?? none),
    });
  }

  start(): this {
    this.#reflector.start();
    return this;
  }

  /** The same object until it changes. */
  value(): Value {
    return this.#value;
  }

  /** What was just written, before the watch shows it. */
  set(value: Value): void {
    if (isDeepStrictEqual(value, this.#value)) return;
    this.#value = value;
    this.#onChange(value);
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
}
