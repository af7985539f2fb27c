import { admitInContext } from '../../admission/admit.ts';
import { planDecision } from '../../admission/planned-decision.ts';
import type { InjectedStatus } from '../../api/status-annotation.ts';
import type { Reason } from '../../reasons/reason.ts';
import type { SettingSources } from '../../settings/resolve.ts';
import { type Outlook, outlookOf } from '../rollout/outlook.ts';
import type { Obstacle } from './obstacle.ts';
import { isGuess, isUndecided } from './unread.ts';

/** Why pods of a workload have no agent, or what is wrong with the one they have. */
export interface WhyNot {
  /**
   * A reason code, or `not-asked`: agent-injector was not asked when the pod was created, and would inject it now; `not-known`: what the server would decide
   * is not known; or an obstacle, by which no new pod gets an agent.
   */
  readonly code: string;
  readonly pods: number;
  /** `record`: written when the pod was created. `now`: what would be decided now. */
  readonly from: 'record' | 'now';
}

const NOT_KNOWN = 'not-known';

/** It would get the agent now. */
export const NOT_ASKED = 'not-asked';

/** Why the pod has no agent, by what would be decided now. */
export function whyNow(
  sources: SettingSources,
  obstacle: Obstacle | undefined,
): { readonly code: string; readonly reason?: Reason } {
  const { decision } = admitInContext(sources);
  const reason = decision.outcome === 'injected' ? undefined : decision.reason;
  if (isUndecided(sources, reason)) return { code: NOT_KNOWN };
  return reason ? { code: reason.code, reason } : { code: obstacle ?? NOT_ASKED };
}

/** Of a profile that is not known here, nothing is known. */
export function outlookNow(
  sources: SettingSources,
  injected: readonly InjectedStatus[],
  obstacle: Obstacle | undefined,
): Outlook | 'unreachable' {
  if (isGuess(sources)) return 'kept';
  const { injection, profiles } = sources.catalogue;
  if (injection?.mode === 'dry-run') return 'stopped';
  const known = injected.filter(({ profile }) => profiles.has(profile));
  const outlook = known.length === 0 ? 'kept' : outlookOf(planDecision(sources).decision, known);
  return outlook === 'kept' && obstacle ? 'unreachable' : outlook;
}
