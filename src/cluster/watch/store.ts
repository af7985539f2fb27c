/** Cache of a reflector, as in client-go; a Map is one. */
export interface Store<T> {
  readonly size: number;
  get(key: string): T | undefined;
  set(key: string, value: T): unknown;
  delete(key: string): unknown;
}

/** A store whose values are also found by an index, such as their namespace, at the same cost however many there are. */
export class IndexedStore<T> implements Store<T> {
  readonly #indexOf: (value: T, key: string) => string | undefined;
  readonly #all = new Map<string, T>();
  readonly #byIndex = new Map<string, readonly T[]>();

  constructor(indexOf: (value: T, key: string) => string | undefined) {
    this.#indexOf = indexOf;
  }

  get size(): number {
    return this.#all.size;
  }

  get(key: string): T | undefined {
    return this.#all.get(key);
  }

  byIndex(index: string): readonly T[] {
    return this.#byIndex.get(index) ?? [];
  }

  set(key: string, value: T): void {
    this.delete(key);
    this.#all.set(key, value);
    const index = this.#indexOf(value, key);
    if (index !== undefined) this.#byIndex.set(index, [...this.byIndex(index), value]);
  }

  delete(key: string): void {
    const value = this.#all.get(key);
    if (value === undefined) return;
    this.#all.delete(key);
    const index = this.#indexOf(value, key);
    if (index === undefined) return;
    const values = this.byIndex(index);
    if (values.length === 1) this.#byIndex.delete(index);
    else this.#byIndex.set(index, values.toSpliced(values.indexOf(value), 1));
  }
}

interface Shared<T> {
  readonly id: string;
  readonly value: T;
  holders: number;
}

/** A store for objects of which many have the same value: they share one, and only their names take memory. */
export class SharingStore<T> implements Store<T> {
  readonly #byId = new Map<string, Shared<T>>();
  readonly #byKey = new Map<string, Shared<T>>();
  #distinct: readonly T[] | undefined;

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): T | undefined {
    return this.#byKey.get(key)?.value;
  }

  set(key: string, value: T): void {
    if (this.get(key) === value) return;
    this.delete(key);
    const id = JSON.stringify(value);
    const shared = this.#byId.get(id) ?? { id, value, holders: 0 };
    if (shared.holders === 0) this.#distinct = undefined;
    shared.holders += 1;
    this.#byId.set(id, shared);
    this.#byKey.set(key, shared);
  }

  delete(key: string): void {
    const shared = this.#byKey.get(key);
    if (!shared) return;
    this.#byKey.delete(key);
    shared.holders -= 1;
    if (shared.holders > 0) return;
    this.#byId.delete(shared.id);
    this.#distinct = undefined;
  }

  /** Each value once: the same list as long as these are the same. */
  distinct(): readonly T[] {
    this.#distinct ??= [...this.#byId.values()].map(({ value }) => value);
    return this.#distinct;
  }
}

export interface Bound<T> {
  /** Of the sizes of all values together. */
  readonly limit: number;
  readonly sizeOf: (value: T) => number;
  /** Stored in place of a value that does not fit, with the size 0: what it stands for has to be looked up, or stays unknown. */
  readonly substitute: T;
  readonly onFull: () => void;
}

/** A store of bounded size: anyone with the right to create objects could otherwise use up the memory. */
export class BoundedStore<T> implements Store<T> {
  readonly #bound: Bound<T>;
  readonly #values = new Map<string, T>();
  readonly #sizes = new Map<string, number>();
  #total = 0;

  constructor(bound: Bound<T>) {
    this.#bound = bound;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: T): void {
    const { limit, sizeOf, substitute, onFull } = this.#bound;
    this.delete(key);
    const size = sizeOf(value);
    const fits = this.#total + size <= limit;
    if (!fits) onFull();
    this.#values.set(key, fits ? value : substitute);
    if (!fits || size === 0) return;
    this.#sizes.set(key, size);
    this.#total += size;
  }

  delete(key: string): void {
    this.#total -= this.#sizes.get(key) ?? 0;
    this.#sizes.delete(key);
    this.#values.delete(key);
  }
}

export interface Shares<T> {
  /** Of all values of one namespace together, and of all there are. */
  readonly limit: number;
  readonly totalLimit: number;
  readonly sizeOf: (value: T) => number;
  /** What is kept of a value that does not fit. It counts for nothing. */
  readonly refused: (value: T) => T;
}

/** Objects by namespace and name. Each namespace has a share of the room, so that those who may create objects in one use up that one's. */
export class SharedOutStore<T> extends Map<string, T> implements Store<T> {
  readonly #shares: Shares<T>;
  readonly #sizes = new Map<string, number>();
  readonly #used = new Map<string, number>();
  #total = 0;

  constructor(shares: Shares<T>) {
    super();
    this.#shares = shares;
  }

  override set(key: string, value: T): this {
    const { limit, totalLimit, sizeOf, refused } = this.#shares;
    this.#free(key);
    const size = sizeOf(value);
    const namespace = namespaceIn(key);
    const used = (this.#used.get(namespace) ?? 0) + size;
    if (used > limit || this.#total + size > totalLimit) return super.set(key, refused(value));
    this.#sizes.set(key, size);
    this.#used.set(namespace, used);
    this.#total += size;
    return super.set(key, value);
  }

  override delete(key: string): boolean {
    this.#free(key);
    return super.delete(key);
  }

  #free(key: string): void {
    const size = this.#sizes.get(key);
    if (size === undefined) return;
    const namespace = namespaceIn(key);
    const used = (this.#used.get(namespace) ?? 0) - size;
    this.#sizes.delete(key);
    if (used > 0) this.#used.set(namespace, used);
    else this.#used.delete(namespace);
    this.#total -= size;
  }
}

function namespaceIn(key: string): string {
  return key.slice(0, key.indexOf('/'));
}
