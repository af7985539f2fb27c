import { oneLine } from '../lib/text.ts';
import { reasonMessage } from '../reasons/message.ts';
import type { Reason, ReasonCode } from '../reasons/reason.ts';
import { reasonTable } from '../reasons/table.ts';
import { isReported, type DecisionSummary } from './decision.ts';
import { reportedReasons } from './warnings.ts';

/** One thing that an Event on a workload says. */
export interface EventMessage {
  readonly type: 'Normal' | 'Warning';
  /** For machines and `kubectl get events`: a row of the reference page each. */
  readonly reason: 'AgentInjected' | 'AgentNotInjected' | 'PodRefused' | 'AgentNotice';
  /** The reason code; empty where the agent went in. */
  readonly code: ReasonCode | '';
  /** Which profiles it is about, for telling one Event from another. */
  readonly profile: string;
  readonly message: string;
}

/** An Event's note may have 1024 characters (k8s.io/kubernetes pkg/apis/core/validation/events.go). */
const MAX_MESSAGE_LENGTH = 700;

const MAX_MESSAGES = 5;

const MAX_CONTAINERS = 20;

/**
 * What the workload's Events are to say of a decision. Nothing where nobody asked for an agent, and nothing where it is there already: a pod
 * that another webhook has changed is asked about twice, and the second answer is no news.
 */
export function eventMessages(decision: DecisionSummary): readonly EventMessage[] {
  const refused = decision.outcome === 'refused';
  const whole =
    decision.outcome === 'injected'
      ? [injection(decision)]
      : isReported(decision.reason)
        ? [noteOf(refused ? 'PodRefused' : 'AgentNotInjected', decision.reason, profilesIn(decision))]
        : [];
  const partly =
    decision.outcome !== 'injected'
      ? []
      : decision.containers.flatMap((outcome) =>
          reportedReasons(outcome).map(([container, reason]) =>
            noteOf('AgentNotInjected', reason, outcome.profile ?? '', `container ${oneLine(container, 63)}: `),
          ),
        );
  return [...whole, ...partly, ...decision.notices.map(noticeEventMessage)].slice(0, MAX_MESSAGES);
}

/** A notice for the workload, whatever was decided. */
export function noticeEventMessage(notice: Reason): EventMessage {
  return noteOf('AgentNotice', notice, '');
}

function injection(decision: DecisionSummary): EventMessage {
  const injected = decision.containers.filter((outcome) => outcome.outcome === 'injected');
  const parts = injected
    .slice(0, MAX_CONTAINERS)
    .map(
      ({ container, profile, hash, delivery }) => `${profile}@${hash} into ${oneLine(container, 63)} by ${delivery}`,
    );
  return {
    type: 'Normal',
    reason: 'AgentInjected',
    code: '',
    profile: [...new Set(injected.map(({ profile, hash }) => `${profile}@${hash}`))].join(),
    message: oneLine(`injected ${parts.join(', ')}`, MAX_MESSAGE_LENGTH),
  };
}

function profilesIn({ containers }: DecisionSummary): string {
  return [...new Set(containers.map(({ profile }) => profile ?? ''))].join();
}

function noteOf(reason: EventMessage['reason'], why: Reason, profile: string, where = ''): EventMessage {
  const { hint } = reasonTable[why.code];
  const message = oneLine(`${why.code}: ${where}${reasonMessage(why)}. ${hint}`, MAX_MESSAGE_LENGTH);
  return { type: 'Warning', reason, code: why.code, profile: oneLine(profile, 200), message };
}
