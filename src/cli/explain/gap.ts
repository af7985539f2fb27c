import { INJECTION_LABEL } from '../../api/keys.ts';
import { type Finding, restartCommand } from '../../diagnostics/findings.ts';
import type { Presence } from '../../diagnostics/presence.ts';
import { creatorOf } from '../../kubernetes/owner.ts';
import type { Pod } from '../../kubernetes/pod.ts';
import { obstacleCodes } from './obstacle.ts';
import type { ExplanationResult } from './result.ts';

/** Reports the difference between what runs and what would be decided now, with the command that closes it. No restart closes it if agent-injector is not asked. */
export function gapFindings(result: ExplanationResult, pod: Pod): readonly Finding[] {
  if (result.findings.some(({ code }) => obstacleCodes.has(code))) return [];
  if (isNotKnown(result)) return result.pods ? unknownGap(result.pods) : [];
  if (result.pods) return workloadGap(result);
  return result.exists && result.carries === undefined && result.decision.outcome === 'injected'
    ? podGap(result, pod)
    : [];
}

function isNotKnown({ without = [], isUndecided }: ExplanationResult): boolean {
  return isUndecided === true || without.length > 0;
}

/** A restart may change nothing, or take an agent away. */
function unknownGap({ total, injected }: Presence): readonly Finding[] {
  if (injected >= total) return [];
  const message = `${total - injected} of ${total} running pods carry no agent, and whether new ones get it is not known`;
  return [{ code: 'pods-without-agent', message }];
}

function workloadGap({ pods, decision, namespace, subject }: ExplanationResult): readonly Finding[] {
  const { total, injected, outdated } = pods ?? { total: 0, injected: 0, outdated: 0 };
  if (decision.outcome !== 'injected') return [];
  const [kind = '', name = ''] = subject.split('/');
  const fix = restartCommand(namespace, { kind, name });
  const found = (code: string, message: string): readonly Finding[] => [
    { code, message, ...(fix !== undefined && { fix }) },
  ];
  if (injected < total)
    return found(
      'pods-without-agent',
      `${total - injected} of ${total} running pods carry no agent, and new ones get it`,
    );
  return outdated > 0
    ? found('pods-outdated', `${outdated} of ${total} running pods carry an earlier version of a profile`)
    : [];
}

function podGap({ recorded, namespace }: ExplanationResult, pod: Pod): readonly Finding[] {
  const fix = restartCommand(namespace, creatorOf(pod));
  const withFix = fix !== undefined && { fix };
  if (recorded)
    return [{ code: 'injected-now', message: 'this pod would be injected if it were created now', ...withFix }];
  const message =
    'this pod has no status annotation, but would be injected if it were created now: when it was created, agent-injector was not called or did ' +
    `not answer, or ${INJECTION_LABEL} was not set yet`;
  return [{ code: 'not-asked-then', message, ...withFix }];
}
