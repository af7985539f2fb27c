import type { Logger } from 'pino';
import type { KubeClient } from '../cluster/client/types.ts';
import { type EventRecorder, createEventRecorder, noEventRecorder } from '../cluster/events/recorder.ts';
import type { Config } from '../config/config.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { misplacedKeys } from '../settings/misspelled-keys.ts';

/** What Events are made from. */
export interface EventSources {
  readonly api: KubeClient | undefined;
  readonly profiles: { readonly catalogue: () => Catalogue };
}

/** Where Events go: to the cluster if the settings ask for them, else nowhere. `onNotice` is told of what is seen on workloads. */
export function openEvents(
  { events }: Pick<Config, 'events'>,
  { api, profiles }: EventSources,
  log: Logger,
  onNotice: (code: string) => void,
): EventRecorder {
  if (!events) return noEventRecorder;
  if (!api) {
    log.warn({}, 'events: there is no cluster to write Events to');
    return noEventRecorder;
  }
  return createEventRecorder({
    client: api,
    logger: log,
    misplacedKeys: (workload, template) => misplacedKeys(workload, template, profiles.catalogue()),
    onNotice: ({ code }) => onNotice(code),
  });
}
