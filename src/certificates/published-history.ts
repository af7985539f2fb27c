import type { PublishedBundles } from './source.ts';

/** The caBundles that some API server may still use: the published ones, and those replaced a moment ago. */
export class PublishedHistory {
  readonly #propagationMs: number;
  #history: readonly { readonly since: Date; readonly bundles: readonly string[] }[] = [];

  /** `propagationMs`: how long an API server may take to learn of a change. */
  constructor(propagationMs: number) {
    this.#propagationMs = propagationMs;
  }

  /** Records the published bundles, and returns every bundle that may be in use; undefined if none is registered. */
  record(now: PublishedBundles, at: Date): PublishedBundles {
    if (!now) {
      this.#history = [];
      return undefined;
    }
    // An entry of the future was recorded before the clock was set back.
    this.#history = this.#history.map(({ since, bundles }) => ({ since: since > at ? at : since, bundles }));
    if (this.#history.at(-1)?.bundles.join() !== now.join())
      this.#history = [...this.#history, { since: at, bundles: now }];
    this.#history = this.#history.filter((_, index) => {
      const successor = this.#history[index + 1];
      return !successor || at.getTime() - successor.since.getTime() < this.#propagationMs;
    });
    return this.#history.flatMap(({ bundles }) => bundles);
  }
}
