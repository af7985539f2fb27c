import { MAX_NAME_LENGTH } from '../../kubernetes/volume-name.ts';

export class UniqueNames {
  readonly #used: Set<string>;
  /** By name, the first number that may be free: a pod can have thousands of volumes, and names are only added. */
  readonly #numbers = new Map<string, number>();

  constructor(used: Iterable<string>) {
    this.#used = new Set(used);
  }

  add(name: string): void {
    this.#used.add(name);
  }

  /** Returns the preferred name, or the name with the first number that is free. */
  free(preferred: string, isPending: (name: string) => boolean = () => false): string {
    let count = this.#numbers.get(preferred) ?? 1;
    const name = (): string => (count < 2 ? preferred : `${preferred.slice(0, MAX_NAME_LENGTH - 6)}-${count}`);
    while (this.#used.has(name())) count++;
    this.#numbers.set(preferred, count);
    while (this.#used.has(name()) || isPending(name())) count++;
    return name();
  }
}
