import { oneLine } from '../lib/text.ts';
import { sentence } from '../reasons/message.ts';
import type { Reason, ReasonCode } from '../reasons/reason.ts';
import { reasonTable } from '../reasons/table.ts';
import { isTold, type Verdict } from './decision.ts';
import { toldOf } from './warnings.ts';

/** One thing that an Event on a workload says. */
export interface EventNote {
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
const LONGEST_MESSAGE = 700;

const MOST_NOTES = 5;

const MOST_CONTAINERS = 20;

/**
 * What the workload's Events are to say of a decision. Nothing where nobody asked for an agent, and nothing where it is there already: a pod
 * that another webhook has changed is asked about twice, and the second answer is no news.
 */
export function notesFor(decision: Verdict): readonly EventNote[] {
  const refused = decision.outcome === 'refused';
  const whole =
    decision.outcome === 'injected'
      ? [injection(decision)]
      : isTold(decision.reason)
        ? [noteOf(refused ? 'PodRefused' : 'AgentNotInjected', decision.reason, profilesIn(decision))]
        : [];
  const partly =
    decision.outcome !== 'injected'
      ? []
      : decision.containers.flatMap((outcome) =>
          toldOf(outcome).map(([container, reason]) =>
            noteOf('AgentNotInjected', reason, outcome.profile ?? '', `container ${oneLine(container, 63)}: `),
          ),
        );
  return [...whole, ...partly, ...decision.notices.map(noticeNote)].slice(0, MOST_NOTES);
}

/** A notice for the workload, whatever was decided. */
export function noticeNote(notice: Reason): EventNote {
  return noteOf('AgentNotice', notice, '');
}

function injection(decision: Verdict): EventNote {
  const injected = decision.containers.filter((outcome) => outcome.outcome === 'injected');
  const parts = injected
    .slice(0, MOST_CONTAINERS)
    .map(
      ({ container, profile, hash, delivery }) => `${profile}@${hash} into ${oneLine(container, 63)} by ${delivery}`,
    );
  return {
    type: 'Normal',
    reason: 'AgentInjected',
    code: '',
    profile: [...new Set(injected.map(({ profile, hash }) => `${profile}@${hash}`))].join(),
    message: oneLine(`injected ${parts.join(', ')}`, LONGEST_MESSAGE),
  };
}

function profilesIn({ containers }: Verdict): string {
  return [...new Set(containers.map(({ profile }) => profile ?? ''))].join();
}

function noteOf(reason: EventNote['reason'], why: Reason, profile: string, where = ''): EventNote {
  const { hint } = reasonTable[why.code];
  const message = oneLine(`${why.code}: ${where}${sentence(why)}. ${hint}`, LONGEST_MESSAGE);
  return { type: 'Warning', reason, code: why.code, profile: oneLine(profile, 200), message };
}
