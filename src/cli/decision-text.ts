import { type Decision, isReported } from '../admission/decision.ts';
import type { ContainerOutcome } from '../injection/outcome.ts';
import { oneLine } from '../lib/text.ts';
import { docsAddress, reasonMessage } from '../reasons/message.ts';
import type { Reason } from '../reasons/reason.ts';
import { reasonTable } from '../reasons/table.ts';

/** A decision for people, a line per fact: what was done in each container, or why not and what to do; then the notices. */
export function decisionLines(decision: Decision): readonly string[] {
  const notices = decision.notices.map((notice) => `warning: ${reasonMessage(notice)} (${notice.code})`);
  if (decision.outcome === 'injected') return [...decision.containers.flatMap(containerLines), ...notices];
  const others = decision.containers.length > 1 ? decision.containers.flatMap(containerLines) : [];
  return [...reasonLines(decision.outcome, decision.reason), ...others, ...notices];
}

function containerLines(outcome: ContainerOutcome): readonly string[] {
  const container = `container ${oneLine(outcome.container, 63)}`;
  return outcome.outcome === 'injected'
    ? [`injected ${outcome.profile} into ${container} by ${outcome.delivery}`]
    : reasonLines(`${container} skipped`, outcome.reason);
}

function reasonLines(outcome: string, reason: Reason): readonly string[] {
  const line = `${outcome}: ${reasonMessage(reason)} (${reason.code})`;
  return isReported(reason) ? [line, `  ${reasonTable[reason.code].hint} See ${docsAddress(reason.code)}`] : [line];
}

/** Whether an agent was asked for somewhere and could not be given. */
export function isWanting(decision: Decision): boolean {
  const reasons = decision.containers.flatMap((container) =>
    container.outcome === 'skipped' ? [container.reason] : [],
  );
  if (decision.outcome !== 'injected') reasons.push(decision.reason);
  return reasons.some(isReported);
}
