import { Counter, Gauge, type Registry } from 'prom-client';
import { type metricRows, optionsOf } from './definitions.ts';

export interface CacheGauges {
  readonly size: number;
  readonly synced: boolean;
  readonly ageMs: number | undefined;
  readonly restarts: number;
}

/** The metrics of what is watched of the cluster. A label's value is one of the few resources that we watch. */
export function measureCaches(
  registry: Registry,
  read: () => Readonly<Record<string, CacheGauges>> = () => ({}),
): void {
  const gauge = (name: keyof typeof metricRows, value: (cache: CacheGauges) => number | undefined): void => {
    const made: Gauge = new Gauge({
      ...optionsOf(name, registry),
      collect() {
        made.reset();
        for (const [resource, cache] of Object.entries(read())) {
          const found = value(cache);
          if (found !== undefined) made.set({ resource }, found);
        }
      },
    });
  };
  gauge('agent_injector_cache_synced', ({ synced }) => Number(synced));
  gauge('agent_injector_cache_objects', ({ size }) => size);
  gauge('agent_injector_cache_age_seconds', ({ ageMs }) => (ageMs === undefined ? undefined : ageMs / 1000));
  const restarts: Counter = new Counter({
    ...optionsOf('agent_injector_cache_watch_restarts_total', registry),
    collect() {
      restarts.reset();
      for (const [resource, cache] of Object.entries(read())) restarts.inc({ resource }, cache.restarts);
    },
  });
}
