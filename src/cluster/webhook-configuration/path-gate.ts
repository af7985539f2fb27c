import { timingSafeEqual } from 'node:crypto';
import { webhookPath } from '../../api/paths.ts';
import type { Clock } from '../../lib/clock.ts';

export interface PathGateOptions {
  readonly clock: Clock;
  /** True while the configuration is seen as it is. Without that, no path is forgotten. */
  readonly isFresh: () => boolean;
  /** How long a path is open after it has left the configuration, in ms: an API server may still call it. */
  readonly graceMs?: number;
}

const GRACE_MS = 60_000;

/** Which paths are open: those that the configuration shows, those with the secret of this replica, and for a while those that were open before. */
export class PathGate {
  readonly #options: PathGateOptions;
  /** Undefined before the configuration was seen: every path is open. */
  #shown: readonly string[] | undefined;
  #secret: string | undefined;
  /** Paths that are open no more, and since when. */
  readonly #closing = new Map<string, number>();
  /** All open paths as bytes; undefined after a change. */
  #bytes: readonly Buffer[] | undefined;

  constructor(options: PathGateOptions) {
    this.#options = options;
  }

  /** Sets what the configuration shows. */
  show(paths: readonly string[]): void {
    this.#change(() => (this.#shown = paths));
  }

  use(secret: string): void {
    this.#change(() => (this.#secret = secret));
  }

  /** Opens paths for a while. */
  admit(paths: readonly string[]): void {
    for (const path of paths) this.#closing.set(path, this.#options.clock.now());
    this.#bytes = undefined;
  }

  isOpen(path: string): boolean {
    if (this.#shown === undefined) return true;
    this.#forget();
    const given = Buffer.from(path);
    this.#bytes ??= [...this.#open(), ...this.#closing.keys()].map((one) => Buffer.from(one));
    return this.#bytes.some((one) => isEqual(one, given));
  }

  #open(): readonly string[] {
    const own = [true, false].map((required) => webhookPath({ required, secret: this.#secret }));
    return [...(this.#shown ?? []), ...(this.#secret === undefined ? [] : own)];
  }

  #change(change: () => void): void {
    const before = this.#open();
    this.#forget();
    change();
    const after = new Set(this.#open());
    this.admit(before.filter((path) => !after.has(path)));
  }

  #forget(): void {
    const { clock, isFresh, graceMs = GRACE_MS } = this.#options;
    if (!isFresh()) return;
    const now = clock.now();
    for (const [path, since] of this.#closing) {
      if (now - since < graceMs) continue;
      this.#closing.delete(path);
      this.#bytes = undefined;
    }
  }
}

/** In a time that depends on the lengths alone. */
function isEqual(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
