import type { DecisionSummary } from '../../admission/decision.ts';
import { type EventMessage, eventMessages } from '../../admission/event-messages.ts';
import type { HasMetadata } from '../../kubernetes/pod.ts';
import { traceOf } from '../../lib/stack-trace.ts';
import { type EventResult, EventWriter, type EventWriterOptions } from './writer.ts';

export interface EventRecorder {
  /** Records a decision about a pod. Returns at once and never throws. */
  readonly record: (namespace: string, pod: HasMetadata, decision: DecisionSummary) => void;
  readonly counts: () => Readonly<Record<EventResult, number>>;
  readonly stop: () => Promise<void>;
}

export const noEventRecorder: EventRecorder = {
  record: () => {},
  counts: () => ({ written: 0, known: 0, repeated: 0, dropped: 0, unverified: 0, failed: 0 }),
  stop: () => Promise.resolve(),
};

/**
 * Records decisions as Events (core/v1) on the workload that users wrote, where `kubectl describe deployment` shows them. All replicas together
 * write the same Event about a workload once in ten minutes. Needs create of events, and get of
 * the controllers of Kubernetes, to find the workload: nothing is written about an owner that does not exist.
 * Failures are counted and logged.
 */
export function createEventRecorder(options: EventWriterOptions): EventRecorder {
  const writer = new EventWriter(options);
  // Pods of one template share a decision, so its messages are made once.
  const cache = new WeakMap<DecisionSummary, readonly EventMessage[]>();
  const messagesOf = (decision: DecisionSummary): readonly EventMessage[] => {
    const messages = cache.get(decision) ?? eventMessages(decision);
    cache.set(decision, messages);
    return messages;
  };
  return {
    record: (namespace, pod, decision) => {
      try {
        writer.enqueue(namespace, pod, messagesOf(decision));
      } catch (error) {
        // Unexpected; an Event must not end the process.
        options.logger.error({ err: traceOf(error), namespace }, 'an Event could not be created');
      }
    },
    counts: () => writer.counts,
    stop: () => writer.stop(),
  };
}
