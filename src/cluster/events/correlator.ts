/** Bounds of memory and of writes: any client of the webhook port can make up pods. */
export interface CorrelatorLimits {
  /** The same Event is written once per window, in ms. Windows follow the wall clock, so that they are the same for all replicas. */
  readonly windowMs: number;
  /** Number of different Events in one window, per namespace and in total. */
  readonly perNamespace: number;
  readonly total: number;
}

export const defaultCorrelatorLimits: CorrelatorLimits = { windowMs: 600_000, perNamespace: 100, total: 5_000 };

export type Correlation =
  /** To be written; `count` is how often it happened since it was last written. */
  | { readonly kind: 'new'; readonly window: number; readonly count: number }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'capped' };

/** Remembers the Events of this window and the previous one, so that a workload of a thousand pods gets one Event. */
export class EventCorrelator {
  readonly #limits: CorrelatorLimits;
  #window = Number.NaN;
  #counts = new Map<string, number>();
  #previousCounts: ReadonlyMap<string, number> = new Map();
  #namespaces = new Map<string, number>();

  constructor(limits: CorrelatorLimits) {
    this.#limits = limits;
  }

  correlate(namespace: string, key: string, wallMs: number): Correlation {
    this.#startWindow(Math.floor(wallMs / this.#limits.windowMs));
    const count = this.#counts.get(key);
    if (count !== undefined) {
      this.#counts.set(key, count + 1);
      return { kind: 'repeated' };
    }
    const inNamespace = this.#namespaces.get(namespace) ?? 0;
    if (this.#counts.size >= this.#limits.total || inNamespace >= this.#limits.perNamespace) return { kind: 'capped' };
    this.#namespaces.set(namespace, inNamespace + 1);
    this.#counts.set(key, 1);
    return { kind: 'new', window: this.#window, count: this.#previousCounts.get(key) ?? 1 };
  }

  /** Makes room for others: the Event will not be written. */
  forget(namespace: string, key: string): void {
    if (!this.#counts.delete(key)) return;
    const left = (this.#namespaces.get(namespace) ?? 0) - 1;
    if (left > 0) this.#namespaces.set(namespace, left);
    else this.#namespaces.delete(namespace);
  }

  #startWindow(window: number): void {
    if (window === this.#window) return;
    this.#previousCounts = window === this.#window + 1 ? this.#counts : new Map();
    this.#counts = new Map();
    this.#namespaces = new Map();
    this.#window = window;
  }
}
