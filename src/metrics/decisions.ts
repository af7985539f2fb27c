import { Counter, Histogram, type Registry } from 'prom-client';
import type { DecisionSummary } from '../admission/decision.ts';
import { metricRows, MAX_NAMESPACES, optionsOf, OTHER_LABEL } from './definitions.ts';
import { readCounter } from './read-counter.ts';
import type { Metrics } from './types.ts';

/** Series of decisions in all: whoever reaches the port can ask for every profile, and provoke every reason, in every namespace. */
const MAX_SERIES = 3000;

/** The counters of decisions. A label's value is a word of our tables, the name of a profile that there is, or one of so many namespaces. */
export function measureDecisions(registry: Registry): Pick<Metrics, 'reviewed' | 'recalled' | 'noticed'> {
  // Whichever is read first, what was tallied is counted before: each of the three would be read without it.
  const tallies = new BatchedCounts((...counted) => count(...counted));
  const collect = (): void => tallies.settle();
  const reviews = new Counter({ ...optionsOf('agent_injector_reviews_total', registry), collect });
  const decisions = new Counter({ ...optionsOf('agent_injector_decisions_total', registry), collect });
  const notices = new Counter({ ...optionsOf('agent_injector_notices_total', registry), collect });
  const duration = new Histogram({
    ...optionsOf('agent_injector_review_duration_seconds', registry),
    buckets: [...metricRows.agent_injector_review_duration_seconds.buckets],
  });
  const named = new Set<string>();
  const labelOf = (namespace: string, isOptedIn: boolean): string => {
    // The API server does not call for the others: they take no name away.
    if (isOptedIn && named.size < MAX_NAMESPACES) named.add(namespace);
    return named.has(namespace) ? namespace : OTHER_LABEL;
  };
  const series = new Set<string>();
  const isKnown = (labels: DecisionLabels): boolean => {
    const key = Object.values(labels).join(' ');
    if (series.size < MAX_SERIES) series.add(key);
    return series.has(key);
  };
  const count: Counting = (decision, namespace, times) => {
    const { outcome } = decision;
    reviews.inc({ outcome, reason: decision.outcome === 'injected' ? '' : decision.reason.code }, times);
    for (const code of new Set(decision.notices.map((notice) => notice.code))) notices.inc({ code }, times);
    if (namespace === undefined) return;
    const label = labelOf(namespace, outcome === 'injected' || decision.reason.code !== 'namespace-not-enabled');
    for (const [profile, fate] of fatesIn(decision)) {
      const labels = { namespace: label, profile, ...fate };
      decisions.inc(isKnown(labels) ? labels : { ...labels, namespace: OTHER_LABEL, profile: OTHER_LABEL }, times);
    }
  };
  let recalled = 0;
  readCounter('agent_injector_known_answers_total', registry, () => recalled);
  return {
    reviewed: (decision, namespace, seconds) => {
      duration.observe(seconds);
      tallies.add(decision, namespace);
    },
    recalled: () => {
      recalled += 1;
    },
    noticed: (code) => notices.inc({ code }),
  };
}

interface DecisionLabels extends Record<'namespace' | 'profile' | 'outcome' | 'reason', string> {}

interface Fate {
  readonly outcome: DecisionSummary['outcome'];
  readonly reason: string;
}

/** What became of each profile in the pod: it went in somewhere, or the first reason why it did not. */
function fatesIn(decision: DecisionSummary): ReadonlyMap<string, Fate> {
  const fates = new Map<string, Fate>();
  for (const container of decision.containers) {
    const profile = container.profile ?? '';
    if (container.outcome === 'injected') fates.set(profile, { outcome: 'injected', reason: '' });
    else if (!fates.has(profile)) {
      const outcome = decision.outcome === 'refused' ? 'refused' : 'skipped';
      fates.set(profile, { outcome, reason: container.reason.code });
    }
  }
  if (fates.size === 0 && decision.outcome !== 'injected') {
    fates.set('', { outcome: decision.outcome, reason: decision.reason.code });
  }
  return fates;
}

/** Counts so many reviews of one decision, in a namespace that is undefined unless it is known to exist. */
export type Counting = (decision: DecisionSummary, namespace: string | undefined, times: number) => void;

interface Tally {
  readonly namespace: string | undefined;
  times: number;
}

const MAX_BATCH = 1000;

/** Reviews that are counted together before the counters are told: pods of one template have one decision, and labels cost more than a number. */
export class BatchedCounts {
  private readonly count: Counting;
  private readonly tallies = new Map<DecisionSummary, Tally>();

  constructor(count: Counting) {
    this.count = count;
  }

  add(decision: DecisionSummary, namespace: string | undefined): void {
    const tally = this.tallies.get(decision);
    if (tally && tally.namespace === namespace) {
      tally.times += 1;
      return;
    }
    // One decision for all namespaces: what is said where nothing was looked at.
    if (tally) this.count(decision, tally.namespace, tally.times);
    this.tallies.set(decision, { namespace, times: 1 });
    if (this.tallies.size > MAX_BATCH) this.settle();
  }

  /** Tells the counters. */
  settle(): void {
    for (const [decision, { namespace, times }] of this.tallies) this.count(decision, namespace, times);
    this.tallies.clear();
  }
}
