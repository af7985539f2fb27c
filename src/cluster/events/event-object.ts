import { createHash } from 'node:crypto';
import type { EventMessage } from '../../admission/event-messages.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { ObjectRef } from './workload-lookup.ts';

export const COMPONENT = 'agent-injector';

export interface NewEvent {
  readonly message: EventMessage;
  readonly key: string;
  readonly window: number;
  readonly count: number;
}

/** Builds the Event about a workload. Its name is a digest of key and window: the first replica to see the workload creates it, the others find it. */
export function eventObject(
  namespace: string,
  ref: ObjectRef,
  { message, key, window, count }: NewEvent,
  now: string,
): JsonObject {
  const digest = createHash('sha256').update(`${key} ${window}`).digest('hex').slice(0, 16);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${ref.name.slice(0, 230)}.${digest}`, namespace },
    involvedObject: { ...ref, namespace },
    type: message.type,
    reason: message.reason,
    message: message.message,
    count,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component: COMPONENT },
    reportingComponent: COMPONENT,
    reportingInstance: COMPONENT,
  };
}
