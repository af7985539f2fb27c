import type { ContainerResult } from '../injection/outcome.ts';
import { oneLine } from '../lib/text.ts';
import { reasonMessage } from '../reasons/message.ts';
import type { Reason } from '../reasons/reason.ts';
import { type Decision, isReported } from './decision.ts';

/** Recommended by Kubernetes (k8s.io/api admission/v1 types.go), which also limits the length of all warnings together. */
const MAX_WARNING_LENGTH = 120;

const MAX_WARNINGS = 5;

/** The warnings that kubectl shows: problems and failures, then notices. The code precedes the message, which may be truncated. */
export function warningsFor(decision: Decision): readonly string[] {
  if (decision.pass === 'repeated') return [];
  const whole = decision.outcome === 'skipped' && isReported(decision.reason) ? [decision.reason] : [];
  const partly = decision.outcome === 'injected' ? decision.containers.flatMap(reportedReasons) : [];
  const texts = [
    ...whole.map((reason) => `not injected: ${coded(reason)}`),
    ...partly.map(([container, reason]) => `container ${oneLine(container, 63)} not injected: ${coded(reason)}`),
    ...decision.notices.map(coded),
  ];
  return texts.slice(0, MAX_WARNINGS).map((text) => oneLine(`agent-injector: ${text}`, MAX_WARNING_LENGTH));
}

export function reportedReasons(result: ContainerResult): readonly (readonly [container: string, reason: Reason])[] {
  return result.outcome === 'skipped' && isReported(result.reason) ? [[result.container, result.reason]] : [];
}

function coded(reason: Reason): string {
  return `${reason.code}: ${reasonMessage(reason)}`;
}
