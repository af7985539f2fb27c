import type { Published } from './source.ts';

/** The caBundles by which some API server may go: those that are published, and those that were until a moment ago. */
export class PublishedHistory {
  private readonly settleMs: number;
  private history: readonly { readonly since: Date; readonly bundles: readonly string[] }[] = [];

  /** Whoever may not have heard of a change has so long to do so, in ms. */
  constructor(settleMs: number) {
    this.settleMs = settleMs;
  }

  /** Notes what is published at this moment; gives back each bundle that may be gone by, undefined where none is registered. */
  record(now: Published, at: Date): Published {
    if (!now) {
      this.history = [];
      return undefined;
    }
    // Nothing was published in the future: the clock was set back.
    this.history = this.history.map(({ since, bundles }) => ({ since: since > at ? at : since, bundles }));
    if (this.history.at(-1)?.bundles.join() !== now.join())
      this.history = [...this.history, { since: at, bundles: now }];
    // Of those before, the ones whose successor is not old enough.
    this.history = this.history.filter((_, index) => {
      const successor = this.history[index + 1];
      return !successor || at.getTime() - successor.since.getTime() < this.settleMs;
    });
    return this.history.flatMap(({ bundles }) => bundles);
  }
}
