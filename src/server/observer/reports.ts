import type { EventMessage } from '../../admission/event-messages.ts';
import type { Breaker } from '../../api/breaker.ts';
import type { Census } from '../../observer/census.ts';
import type { ObservedPod } from '../../observer/observed-pod.ts';
import { oneLine } from '../../lib/text.ts';

/** What is written on a workload, for a pod that names its controller. */
export interface Report {
  readonly namespace: string;
  readonly pod: { readonly metadata: { readonly ownerReferences: readonly NonNullable<Owner>[] } };
  readonly message: EventMessage;
}

type Owner = NonNullable<ObservedPod['trouble']>['owner'];

const MAX_LENGTH = 700;

/** Reports of one pass: the Events of a workload are the same for all its pods. */
const MAX_REPORTS = 100;

/** Pods that fail for a reason that is certainly of the agent, or for lack of memory. */
export function failureReports(census: Census): readonly Report[] {
  return census
    .troubled()
    .flatMap(({ workload, troubled }) => {
      for (const { trouble, profile } of troubled.values()) {
        const text = trouble && failureText(trouble, profile);
        if (trouble?.owner && text !== undefined)
          return [reportOn(workload.namespace, trouble.owner, event('Warning', 'AgentFailing', text))];
      }
      return [];
    })
    .slice(0, MAX_REPORTS);
}

function failureText(
  { evidence, text, memoryLimit }: NonNullable<ObservedPod['trouble']>,
  profile: string,
): string | undefined {
  if (memoryLimit !== undefined && evidence !== 'none')
    return `${text}. The limit of ${memoryLimit} may leave no room for the agent of ${profile}, which runs in the same container: raise it`;
  return evidence === 'certain' ? `${text}. It is of the agent of ${profile}` : undefined;
}

/** What has become of a breaker, with what to do. */
export function breakerReport(breaker: Breaker, closed: boolean, census: Census): Report | undefined {
  const { namespace, workload, shown } = breaker;
  const owner = [...(census.workload(namespace, workload)?.troubled.values() ?? [])].find((pod) => pod.trouble?.owner)
    ?.trouble?.owner;
  return owner && reportOn(namespace, owner, breakerEvent(breaker, shown, closed));
}

function breakerEvent({ phase, why, stops, namespace }: Breaker, shown: string, closed: boolean): EventMessage {
  if (closed) return event('Normal', 'AgentBreakerClosed', `pods of ${shown} get the agent again`);
  if (phase === 'cleared') return event('Normal', 'AgentBreakerClosed', `the agent is not the cause: ${why}`);
  if (phase === 'half-open')
    return event('Normal', 'AgentBreakerHalfOpen', `the next pod of ${shown} gets the agent, to try it again`);
  const effect = stops ? 'New pods start without the agent' : 'Nothing is stopped: observer.breaker.action is report';
  const reset = `kubectl agent-injector breaker ${shown} -n ${namespace} --reset`;
  return event(
    'Warning',
    phase === 'open' ? 'AgentBreakerOpen' : 'AgentSuspected',
    `${why}. ${effect}; ${reset} closes it`,
  );
}

function event(type: EventMessage['type'], reason: EventMessage['reason'], text: string): EventMessage {
  return { type, reason, code: '', profile: '', message: oneLine(text, MAX_LENGTH) };
}

function reportOn(namespace: string, owner: NonNullable<Owner>, message: EventMessage): Report {
  return { namespace, pod: { metadata: { ownerReferences: [owner] } }, message };
}
