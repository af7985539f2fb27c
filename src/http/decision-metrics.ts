import { Counter, Histogram, type Registry } from 'prom-client';
import type { Decision } from '../core/decision.ts';
import type { Metrics } from './metrics.ts';
import { metricRows, optionsOf } from './metric-rows.ts';

/** Namespaces that get a label value of their own: each costs a series per profile, outcome and reason. */
export const MOST_NAMESPACES = 200;
export const OTHER = 'other';

/** The counters of decisions. A label's value is a word of our tables, the name of a profile that there is, or one of so many namespaces. */
export function measureDecisions(registry: Registry): Pick<Metrics, 'reviewed' | 'noticed'> {
  const reviews = new Counter(optionsOf('agent_injector_reviews_total', registry));
  const decisions = new Counter(optionsOf('agent_injector_decisions_total', registry));
  const notices = new Counter(optionsOf('agent_injector_notices_total', registry));
  const duration = new Histogram({
    ...optionsOf('agent_injector_review_duration_seconds', registry),
    buckets: [...metricRows.agent_injector_review_duration_seconds.buckets],
  });
  const named = new Set<string>();
  const labelOf = (namespace: string): string => {
    if (named.size < MOST_NAMESPACES) named.add(namespace);
    return named.has(namespace) ? namespace : OTHER;
  };
  return {
    reviewed: (decision, namespace, seconds) => {
      const { outcome } = decision;
      reviews.inc({ outcome, reason: decision.outcome === 'injected' ? '' : decision.reason.code });
      duration.observe(seconds);
      for (const code of new Set(decision.notices.map((notice) => notice.code))) notices.inc({ code });
      if (namespace === undefined) return;
      const label = labelOf(namespace);
      for (const [profile, fate] of fatesIn(decision)) decisions.inc({ namespace: label, profile, ...fate });
    },
    noticed: (code) => notices.inc({ code }),
  };
}

interface Fate {
  readonly outcome: Decision['outcome'];
  readonly reason: string;
}

/** What became of each profile in the pod: it went in somewhere, or the first reason why it did not. */
function fatesIn(decision: Decision): ReadonlyMap<string, Fate> {
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
