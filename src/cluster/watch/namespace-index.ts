/** Where a reflector keeps what it knows: a Map will do. */
export interface NamespacedKey<T> {
  readonly size: number;
  get(key: string): T | undefined;
  set(key: string, value: T): unknown;
  delete(key: string): unknown;
}

/** A Map whose values are found by a group, too, such as their namespace. Both cost the same however many there are. */
export class NamespaceIndex<T> implements NamespacedKey<T> {
  private readonly groupOf: (value: T, key: string) => string | undefined;
  private readonly all = new Map<string, T>();
  private readonly groups = new Map<string, readonly T[]>();

  /** What has no group is found by its key alone. */
  constructor(groupOf: (value: T, key: string) => string | undefined) {
    this.groupOf = groupOf;
  }

  get size(): number {
    return this.all.size;
  }

  get(key: string): T | undefined {
    return this.all.get(key);
  }

  group(name: string): readonly T[] {
    return this.groups.get(name) ?? [];
  }

  set(key: string, value: T): void {
    this.delete(key);
    this.all.set(key, value);
    const group = this.groupOf(value, key);
    if (group !== undefined) this.groups.set(group, [...this.group(group), value]);
  }

  delete(key: string): void {
    const value = this.all.get(key);
    if (value === undefined) return;
    this.all.delete(key);
    const group = this.groupOf(value, key);
    if (group === undefined) return;
    const index = this.group(group).indexOf(value);
    const left = this.group(group).toSpliced(index, 1);
    if (left.length === 0) this.groups.delete(group);
    else this.groups.set(group, left);
  }
}
