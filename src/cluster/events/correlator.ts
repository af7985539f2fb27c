/** Bounds of what is remembered and written. Whoever reaches our port can make up pods, so both are bounded. */
export interface CorrelatorLimits {
  /** The same is said once in this time, in ms, counted by the clock on the wall so that all replicas mean the same. */
  readonly windowMs: number;
  /** In one window: different things said in one namespace, and in all of them together. */
  readonly perNamespace: number;
  readonly total: number;
}

export const defaultCorrelatorLimits: CorrelatorLimits = { windowMs: 600_000, perNamespace: 100, total: 5_000 };

export type Entry =
  /** To be written; it happened this often since it was last written. */
  | { readonly kind: 'new'; readonly window: number; readonly count: number }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'capped' };

/** Remembers what was said in this window and in the one before, so that one workload of a thousand pods makes one Event. */
export class EventCorrelator {
  private readonly bounds: CorrelatorLimits;
  private window = Number.NaN;
  private counts = new Map<string, number>();
  private before: ReadonlyMap<string, number> = new Map();
  private namespaces = new Map<string, number>();

  constructor(bounds: CorrelatorLimits) {
    this.bounds = bounds;
  }

  /** Notes that something happened. `wallMs` is the time since 1970. */
  correlate(namespace: string, key: string, wallMs: number): Entry {
    this.turnTo(Math.floor(wallMs / this.bounds.windowMs));
    const count = this.counts.get(key);
    if (count !== undefined) {
      this.counts.set(key, count + 1);
      return { kind: 'repeated' };
    }
    const inNamespace = this.namespaces.get(namespace) ?? 0;
    if (this.counts.size >= this.bounds.total || inNamespace >= this.bounds.perNamespace) return { kind: 'capped' };
    this.namespaces.set(namespace, inNamespace + 1);
    this.counts.set(key, 1);
    return { kind: 'new', window: this.window, count: this.before.get(key) ?? 1 };
  }

  private turnTo(window: number): void {
    if (window === this.window) return;
    this.before = window === this.window + 1 ? this.counts : new Map();
    this.counts = new Map();
    this.namespaces = new Map();
    this.window = window;
  }
}
