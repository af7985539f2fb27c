import { API_GROUP_PATH } from '../../api/target/kinds.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { KubeClient } from '../client/types.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import type { CacheOptions } from './cache.ts';

type Store<T> = Map<string, T>;

export interface CustomResourceOptions<T> extends CacheOptions {
  /** The plural name in the paths of the API. */
  readonly plural: string;
  /** Called before the first list, for what reads its objects. Reduces an object to what is stored; must not throw. */
  readonly prepare: () => Promise<(object: JsonObject) => T>;
  /** Called after each change. Must not throw. */
  readonly onChange: () => void;
  /** Default: a map without bounds. */
  readonly createStore?: () => Store<T>;
}

/** Mirrors the objects of a CRD, which may not be installed, or may go away. Needs list and watch of them. */
export class CustomResource<T> {
  readonly plural: string;
  readonly #client: KubeClient;
  readonly #options: CustomResourceOptions<T>;
  #reflector: Reflector<T, Store<T>> | undefined;
  /** The last that was read: it stays in use while a new reflector reads it again. */
  #values: ReadonlyMap<string, T> = new Map();
  #isAbsent = false;

  constructor(client: KubeClient, options: CustomResourceOptions<T>) {
    this.plural = options.plural;
    this.#client = client;
    this.#options = options;
  }

  /** False before `watch`, and once the API server knows no such collection. */
  get isWatched(): boolean {
    return this.#reflector !== undefined && !this.#isAbsent;
  }

  objects(): ReadonlyMap<string, T> {
    return this.#values;
  }

  /** Starts to mirror. `onAbsent` is called when the API server knows no such collection. */
  async watch(onAbsent: () => void): Promise<void> {
    if (this.isWatched) return;
    const transform = await this.#options.prepare();
    const reflector = new Reflector<T, Store<T>>({
      ...this.#options,
      client: this.#client,
      path: `${API_GROUP_PATH}/${this.plural}`,
      metadataOnly: false,
      transform,
      createStore: this.#options.createStore ?? ((): Store<T> => new Map<string, T>()),
      onAbsent: () => {
        this.#isAbsent = true;
        onAbsent();
      },
      onChange: () => {
        this.#values = reflector.store() ?? this.#values;
        this.#options.onChange();
      },
    });
    this.#isAbsent = false;
    this.#reflector = reflector.start();
  }

  /** The CRD is gone, and its objects with it. False if it was not there before. */
  drop(): boolean {
    if (!this.#reflector) return false;
    this.#reflector = undefined;
    const had = this.#values.size > 0;
    this.#values = new Map();
    // An API server deletes the objects before their CRD, so mostly none is left.
    if (had) this.#options.onChange();
    return true;
  }

  status(): ReflectorStatus | undefined {
    return this.#reflector?.status();
  }

  async whenTried(): Promise<void> {
    await this.#reflector?.whenTried();
  }

  async stop(): Promise<void> {
    await this.#reflector?.stop();
  }
}
