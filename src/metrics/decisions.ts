import { Counter, Histogram, type Registry } from 'prom-client';
import type { DecisionSummary } from '../admission/decision.ts';
import { collectValue } from './collect.ts';
import { metricRows, MAX_NAMESPACES, optionsOf, OTHER_LABEL } from './definitions.ts';
import type { Metrics } from './types.ts';

/** Upper bound of the series of agent_injector_decisions_total: any caller can request every profile and provoke every reason in every namespace. */
const MAX_SERIES = 3000;

/** Bounds of the decisions that are kept until they are counted. A pod can have some thousand containers. */
const MAX_BATCHES = 1000;

const MAX_CONTAINERS = 10_000;

interface Batch {
  /** Undefined unless the namespace is known to exist. */
  readonly namespace: string | undefined;
  reviews: number;
}

/** Counters of decisions. Label values are words of our tables, names of existing profiles, or one of MAX_NAMESPACES namespaces. */
export function measureDecisions(
  registry: Registry,
): Pick<Metrics, 'recordReview' | 'recordCachedAnswer' | 'recordNotice'> {
  // Reviews that are not in the counters yet. Pods of one template share one decision object. Counting by object takes 8 ns. Incrementing a
  // counter takes 400 ns, because it builds a key from its labels each time, also for a child of labels().
  const batches = new Map<DecisionSummary, Batch>();
  let containers = 0;
  const flush = (): void => {
    for (const [decision, batch] of batches) count(decision, batch);
    batches.clear();
    containers = 0;
  };
  // Each of the three counters flushes, because the registry may read them in any order.
  const counter = (name: 'reviews' | 'decisions' | 'notices') =>
    new Counter({ ...optionsOf(`agent_injector_${name}_total`, registry), collect: flush });
  const [reviews, decisions, notices] = [counter('reviews'), counter('decisions'), counter('notices')];
  const duration = new Histogram({
    ...optionsOf('agent_injector_review_duration_seconds', registry),
    buckets: [...metricRows.agent_injector_review_duration_seconds.buckets],
  });
  const isNamedNamespace = limitedSet(MAX_NAMESPACES);
  const isNamedSeries = limitedSet(MAX_SERIES);
  const count = (decision: DecisionSummary, batch: Batch): void => {
    const { outcome } = decision;
    reviews.inc({ outcome, reason: decision.outcome === 'injected' ? '' : decision.reason.code }, batch.reviews);
    for (const code of new Set(decision.notices.map((notice) => notice.code))) notices.inc({ code }, batch.reviews);
    if (batch.namespace === undefined) return;
    // The API server sends no reviews of namespaces that are not enabled: only a forged review names one.
    const isEnabled = decision.outcome === 'injected' || decision.reason.code !== 'namespace-not-enabled';
    const namespace = isNamedNamespace(batch.namespace, isEnabled) ? batch.namespace : OTHER_LABEL;
    for (const [profile, result] of resultsByProfile(decision)) {
      const labels = { namespace, profile, ...result };
      const isNamed = isNamedSeries(Object.values(labels).join(' '));
      decisions.inc(isNamed ? labels : { ...labels, namespace: OTHER_LABEL, profile: OTHER_LABEL }, batch.reviews);
    }
  };
  let cachedAnswers = 0;
  collectValue(registry, 'agent_injector_known_answers_total', () => cachedAnswers);
  return {
    recordReview: (decision, namespace, seconds) => {
      duration.observe(seconds);
      // The pod has been counted by the earlier pass.
      if (decision.pass === 'repeated') return;
      const batch = batches.get(decision);
      if (batch && batch.namespace === namespace) batch.reviews += 1;
      else {
        // The decision of a shed review is one object for all namespaces.
        if (batch || batches.size === MAX_BATCHES || containers > MAX_CONTAINERS) flush();
        batches.set(decision, { namespace, reviews: 1 });
        containers += decision.containers.length;
      }
    },
    recordCachedAnswer: () => {
      cachedAnswers += 1;
    },
    recordNotice: (code) => notices.inc({ code }),
  };
}

interface ProfileResult {
  readonly outcome: DecisionSummary['outcome'];
  readonly reason: string;
}

function limitedSet(max: number): (key: string, mayAdd?: boolean) => boolean {
  const keys = new Set<string>();
  return (key, mayAdd = true) => {
    if (mayAdd && keys.size < max) keys.add(key);
    return keys.has(key);
  };
}

/** A profile counts as injected if one container got it; otherwise its first reason counts. */
function resultsByProfile(decision: DecisionSummary): ReadonlyMap<string, ProfileResult> {
  const results = new Map<string, ProfileResult>();
  for (const container of decision.containers) {
    const profile = container.profile ?? '';
    if (container.outcome === 'injected') results.set(profile, { outcome: 'injected', reason: '' });
    else if (!results.has(profile)) {
      const outcome = decision.outcome === 'refused' ? 'refused' : 'skipped';
      results.set(profile, { outcome, reason: container.reason.code });
    }
  }
  if (results.size === 0 && decision.outcome !== 'injected') {
    results.set('', { outcome: decision.outcome, reason: decision.reason.code });
  }
  return results;
}
