import type { Decision } from '../../admission/decision.ts';
import type { InjectedStatus } from '../../api/status-annotation.ts';
import type { Reason } from '../../reasons/reason.ts';
import type { ReasonKind } from '../../reasons/reason-kind.ts';
import { reasonTable } from '../../reasons/reason-table.ts';

/**
 * What becomes of the agents that a pod carries when it is created again. `removed`: an agent is no longer asked for. `stopped`: someone has
 * stopped injection for now. `kept`: everything else, an agent that could no longer be injected included.
 */
export type Outlook = 'kept' | 'removed' | 'stopped';

const outlooks: { readonly [kind in ReasonKind]?: Outlook } = {
  choice: 'removed',
  exemption: 'removed',
  suspension: 'stopped',
};

/** `decision`: what is decided on the pod as it is. For an agent that is wanted, it says that the container has it already. */
export function outlookOf(decision: Decision, carried: readonly InjectedStatus[]): Outlook {
  const all = new Set(carried.map((status) => outlookOfAgent(decision, status)));
  if (all.has('removed')) return 'removed';
  return all.has('stopped') ? 'stopped' : 'kept';
}

function outlookOfAgent(decision: Decision, { container, profile }: InjectedStatus): Outlook {
  if (decision.containers.length === 0) return decision.outcome === 'injected' ? 'kept' : byReason(decision.reason);
  const found = decision.containers.find((one) => one.container === container && one.profile === profile);
  // Another profile is chosen now, or none.
  if (!found)
    return decision.containers.some((one) => one.container === container && !one.profile) ? 'kept' : 'removed';
  return found.outcome === 'injected' ? 'kept' : byReason(found.reason);
}

function byReason({ code }: Reason): Outlook {
  return outlooks[reasonTable[code].kind] ?? 'kept';
}
