import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Breaker } from '../api/breaker.ts';
import type { PodState } from '../observer/trouble.ts';
import { type CacheGauges, measureCaches } from './caches.ts';
import { collectByLabel, collectSeries, collectValue } from './collect.ts';
import { optionsOf } from './definitions.ts';
import { renderRegistry } from './registry.ts';
import type { Metrics } from './types.ts';

export interface ObserverGauges {
  /** Undefined where it is not known. */
  readonly census: () => { readonly counts: () => ReadonlyMap<string, ReadonlyMap<PodState, number>> } | undefined;
  readonly breakers: () => ReadonlyMap<string, Breaker>;
  readonly caches: () => Readonly<Record<string, CacheGauges>>;
  readonly leads: () => boolean;
  readonly evictions: () => Readonly<Record<string, number>>;
  readonly events?: () => Readonly<Record<string, number>>;
  readonly logLinesDropped: () => number;
}

/** The metrics of `agent-injector observe`. */
export function createObserverMetrics(
  gauges: ObserverGauges,
  version: string,
): Pick<Metrics, 'render' | 'contentType'> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  collectSeries(registry, 'agent_injector_pods', () =>
    [...(gauges.census()?.counts() ?? [])].flatMap(([profile, states]) =>
      [...states].map(([state, value]) => ({ labels: { profile, state }, value })),
    ),
  );
  collectSeries(registry, 'agent_injector_breakers', () => breakerSeries(gauges.breakers()));
  collectValue(registry, 'agent_injector_observer_leads', () => Number(gauges.leads()));
  collectByLabel(registry, 'agent_injector_evictions_total', gauges.evictions);
  collectByLabel(registry, 'agent_injector_events_total', () => gauges.events?.() ?? {});
  measureCaches(registry, gauges.caches);
  new Gauge(optionsOf('agent_injector_build_info', registry)).set({ version }, 1);
  collectValue(registry, 'agent_injector_log_lines_dropped_total', gauges.logLinesDropped);
  return { render: () => renderRegistry(registry), contentType: registry.contentType };
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  value: number;
}

function breakerSeries(breakers: ReadonlyMap<string, Breaker>): readonly Series[] {
  const all = new Map<string, Series>();
  for (const { workload, phase, profiles } of breakers.values()) {
    const scope = workload === '' ? 'profile' : 'workload';
    for (const profile of Object.keys(profiles)) {
      const labels = { scope, profile, phase };
      const id = JSON.stringify(labels);
      const series = all.get(id) ?? { labels, value: 0 };
      series.value += 1;
      all.set(id, series);
    }
  }
  return [...all.values()];
}
