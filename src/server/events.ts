import type { Logger } from 'pino';
import type { KubeClient } from '../cluster/client/types.ts';
import { type EventRecorder, createEventRecorder, noEventRecorder } from '../cluster/events/recorder.ts';
import type { Config } from '../config/config.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { misplacedKeys } from '../settings/misspelled-keys.ts';

export interface EventSources {
  readonly api: KubeClient | undefined;
  readonly profiles: { readonly catalogue: () => Catalogue };
}

export interface ServerEvents {
  readonly recorder: EventRecorder;
  /** Sets the function that is called with the code of each notice about a workload. */
  readonly onNotice: (listener: (code: string) => void) => void;
}

/** Creates the Event recorder; it does nothing if the settings do not enable it, or there is no cluster. */
export function openEvents(
  { events }: Pick<Config, 'events'>,
  { api, profiles }: EventSources,
  log: Logger,
): ServerEvents {
  if (events && !api) log.warn({}, 'ignoring the setting events: no cluster is configured');
  if (!events || !api) return { recorder: noEventRecorder, onNotice: () => {} };
  let notify: ((code: string) => void) | undefined;
  const recorder = createEventRecorder({
    client: api,
    logger: log,
    misplacedKeys: (workload, template) => misplacedKeys(workload, template, profiles.catalogue()),
    onNotice: ({ code }) => notify?.(code),
  });
  return {
    recorder,
    onNotice: (listener) => {
      notify = listener;
    },
  };
}
