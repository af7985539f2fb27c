import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Catalogue } from '../core/catalogue.ts';
import { misplacedKeys } from '../core/near-miss.ts';
import type { Cluster } from '../kube/api.ts';
import { eventsIn, noEvents, type Events } from '../kube/events.ts';

/** What Events are made from. */
export interface EventSources {
  readonly api: Cluster | undefined;
  readonly profiles: { readonly catalogue: () => Catalogue };
}

/** Where Events go: to the cluster if the settings ask for them, else nowhere. `onNotice` is told of what is seen on workloads. */
export function openEvents(
  { events }: Pick<Config, 'events'>,
  { api, profiles }: EventSources,
  log: Logger,
  onNotice: (code: string) => void,
): Events {
  if (!events) return noEvents;
  if (!api) {
    log.warn({}, 'events: there is no cluster to write Events to');
    return noEvents;
  }
  return eventsIn({
    cluster: api,
    logger: log,
    misplaced: (workload, template) => misplacedKeys(workload, template, profiles.catalogue()),
    onNotice: ({ code }) => onNotice(code),
  });
}
