import type { Registry } from 'prom-client';
import { collectByLabel } from './collect.ts';
import type { MetricName } from './definitions.ts';

export interface CacheGauges {
  readonly size: number;
  readonly synced: boolean;
  readonly ageMs: number | undefined;
  readonly restarts: number;
}

export function measureCaches(
  registry: Registry,
  read: () => Readonly<Record<string, CacheGauges>> = () => ({}),
): void {
  const collect = (name: MetricName, value: (cache: CacheGauges) => number | undefined): void =>
    collectByLabel(registry, name, () =>
      Object.fromEntries(Object.entries(read()).map(([resource, cache]) => [resource, value(cache)])),
    );
  collect('agent_injector_cache_synced', ({ synced }) => Number(synced));
  collect('agent_injector_cache_objects', ({ size }) => size);
  collect('agent_injector_cache_age_seconds', ({ ageMs }) => (ageMs === undefined ? undefined : ageMs / 1000));
  collect('agent_injector_cache_watch_restarts_total', ({ restarts }) => restarts);
}
