import { oneLine } from '../lib/text.ts';
import { hintFor } from '../reasons/hint.ts';
import { reasonMessage } from '../reasons/message.ts';
import type { Reason, ReasonCode } from '../reasons/reason.ts';
import { isReported, type DecisionSummary } from './decision.ts';
import { reportedReasons } from './warnings.ts';

export interface EventMessage {
  readonly type: 'Normal' | 'Warning';
  readonly reason:
    | 'AgentInjected'
    | 'AgentNotInjected'
    | 'PodRefused'
    | 'AgentNotice'
    | 'AgentFailing'
    | 'AgentSuspected'
    | 'AgentBreakerOpen'
    | 'AgentBreakerHalfOpen'
    | 'AgentBreakerClosed';
  /** Empty for an injection. */
  readonly code: ReasonCode | '';
  /** The profiles, which distinguish this Event from others. */
  readonly profile: string;
  readonly message: string;
}

/** The API server accepts 1024 characters (k8s.io/kubernetes pkg/apis/core/validation/events.go). */
const MAX_MESSAGE_LENGTH = 700;

const MAX_MESSAGES = 5;

const MAX_CONTAINERS = 20;

/** The Events for a decision. None if no agent is asked for, none if the agent is already there, and none for a pass that finds nothing new. */
export function eventMessages(decision: DecisionSummary): readonly EventMessage[] {
  if (decision.pass === 'repeated') return [];
  const outcome = decision.outcome === 'injected' ? injectedMessages(decision) : notInjectedMessages(decision);
  const told = decision.notices.filter(({ code }) => code !== AS_WISHED);
  return [...outcome, ...told.map(noticeEventMessage)].slice(0, MAX_MESSAGES);
}

/** Nothing is to be done about it, and a Warning would say so. The record has it. */
const AS_WISHED: ReasonCode = 'image-variable-kept';

function injectedMessages(decision: Extract<DecisionSummary, { outcome: 'injected' }>): readonly EventMessage[] {
  const failed = decision.containers.flatMap((result) =>
    reportedReasons(result).map(([container, reason]) =>
      warning('AgentNotInjected', reason, result.profile ?? '', `container ${oneLine(container, 63)}: `),
    ),
  );
  return [injectionMessage(decision), ...failed];
}

function notInjectedMessages(decision: Exclude<DecisionSummary, { outcome: 'injected' }>): readonly EventMessage[] {
  const { outcome, reason, containers } = decision;
  if (outcome !== 'refused' && !isReported(reason)) return [];
  const profiles = [...new Set(containers.map(({ profile }) => profile ?? ''))].join();
  return [warning(outcome === 'refused' ? 'PodRefused' : 'AgentNotInjected', reason, profiles)];
}

export function noticeEventMessage(notice: Reason): EventMessage {
  return warning('AgentNotice', notice, '');
}

/** The agents, their containers and deliveries: `acme-java@3f9c1a2b into web by image`. */
export function injectionText(containers: DecisionSummary['containers']): string {
  return containers
    .filter((outcome) => outcome.outcome === 'injected')
    .slice(0, MAX_CONTAINERS)
    .map(({ container, profile, hash, delivery }) => `${profile}@${hash} into ${oneLine(container, 63)} by ${delivery}`)
    .join(', ');
}

function injectionMessage({ containers }: DecisionSummary): EventMessage {
  const injected = containers.filter((outcome) => outcome.outcome === 'injected');
  return {
    type: 'Normal',
    reason: 'AgentInjected',
    code: '',
    profile: [...new Set(injected.map(({ profile, hash }) => `${profile}@${hash}`))].join(),
    // Written after the answer: the API server may still refuse the pod.
    message: oneLine(`decided to inject ${injectionText(containers)}`, MAX_MESSAGE_LENGTH),
  };
}

function warning(type: EventMessage['reason'], reason: Reason, profile: string, prefix = ''): EventMessage {
  const { code } = reason;
  const what = reasonMessage(reason);
  const end = what.endsWith('?') ? '' : '.';
  const message = oneLine(`${code}: ${prefix}${what}${end} ${hintFor(reason)}`, MAX_MESSAGE_LENGTH);
  return { type: 'Warning', reason: type, code, profile: oneLine(profile, 200), message };
}
