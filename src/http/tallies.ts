import type { Verdict } from '../core/decision.ts';

/** Counts so many reviews of one decision, in a namespace that is undefined unless it is known to exist. */
export type Counting = (decision: Verdict, namespace: string | undefined, times: number) => void;

interface Tally {
  readonly namespace: string | undefined;
  times: number;
}

const MOST = 1000;

/** Reviews that are counted together before the counters are told: pods of one template have one decision, and labels cost more than a number. */
export class Tallies {
  private readonly count: Counting;
  private readonly tallies = new Map<Verdict, Tally>();

  constructor(count: Counting) {
    this.count = count;
  }

  add(decision: Verdict, namespace: string | undefined): void {
    const tally = this.tallies.get(decision);
    if (tally && tally.namespace === namespace) {
      tally.times += 1;
      return;
    }
    // One decision for all namespaces: what is said where nothing was looked at.
    if (tally) this.count(decision, tally.namespace, tally.times);
    this.tallies.set(decision, { namespace, times: 1 });
    if (this.tallies.size > MOST) this.settle();
  }

  /** Tells the counters. */
  settle(): void {
    for (const [decision, { namespace, times }] of this.tallies) this.count(decision, namespace, times);
    this.tallies.clear();
  }
}
