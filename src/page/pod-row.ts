import { checkRecord } from '../diagnostics/audit-pod.ts';
import { isObject, type JsonObject, objectIn, textIn } from '../lib/json.ts';
import { observePod } from '../observer/observed-pod.ts';
import type { TimeOf } from '../observer/trouble.ts';
import type { Pod } from '../kubernetes/pod.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { PodEvent, PodRow } from './wire.ts';

/** A pod of a workload, as the API server has it. */
export function podRow(pod: Pod, object: JsonObject, catalogue: Catalogue, timeOf: TimeOf): PodRow {
  const { record, injected } = checkRecord({ pod, catalogue });
  const metadata = objectIn(object, 'metadata');
  const node = textIn(objectIn(object, 'spec'), 'nodeName');
  return {
    name: textIn(metadata, 'name'),
    phase: textIn(objectIn(object, 'status'), 'phase'),
    state: injected.length === 0 ? undefined : observePod(pod, timeOf).state,
    injected: injected.map(({ profile, hash }) => `${profile}@${hash}`),
    reason: record?.reason,
    created: textIn(metadata, 'creationTimestamp'),
    node: node === '' ? undefined : node,
  };
}

/** An Event of either API, as people read it. */
export function podEvent(event: JsonObject): PodEvent {
  const count = event['count'];
  const series = isObject(event['series']) ? event['series'] : undefined;
  const times = [textIn(series, 'lastObservedTime'), textIn(event, 'lastTimestamp'), textIn(event, 'eventTime')];
  const from = textIn(objectIn(event, 'source'), 'component') || textIn(event, 'reportingComponent');
  return {
    at: times.find((time) => time !== '') ?? textIn(objectIn(event, 'metadata'), 'creationTimestamp'),
    type: textIn(event, 'type'),
    reason: textIn(event, 'reason'),
    message: textIn(event, 'message'),
    count: typeof count === 'number' ? count : 1,
    from,
  };
}
