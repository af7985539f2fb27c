import type { ContainerResult } from '../injection/outcome.ts';
import { oneLine } from '../lib/text.ts';
import { reasonMessage } from '../reasons/message.ts';
import type { Reason } from '../reasons/reason.ts';
import { type Decision, isReported } from './decision.ts';

/** The API server may cut longer ones, and drops what is beyond 4096 in all (k8s.io/api admission/v1 types.go). */
const MAX_WARNING_LENGTH = 256;

const MAX_WARNINGS = 5;

/** The warnings that kubectl shows: problems and failures, then notices. The code precedes the message, which may be truncated. */
export function warningsFor(decision: Decision): readonly string[] {
  if (decision.pass === 'repeated') return [];
  const whole = decision.outcome === 'skipped' && isReported(decision.reason) ? [decision.reason] : [];
  return warningTexts([
    ...whole.map((reason) => `not injected: ${coded(reason)}`),
    ...partialReasons(decision).map(([container, reason]) => `container ${container} not injected: ${coded(reason)}`),
    ...decision.notices.map(coded),
  ]);
}

/** The containers of an injected pod that did not get an agent that was asked for. */
export function partialReasons(decision: Decision): readonly (readonly [container: string, reason: Reason])[] {
  const found = decision.outcome === 'injected' ? decision.containers.flatMap(reportedReasons) : [];
  return found.map(([container, reason]) => [oneLine(container, 63), reason]);
}

export function warningTexts(texts: readonly string[]): readonly string[] {
  return texts.slice(0, MAX_WARNINGS).map((text) => oneLine(`agent-injector: ${text}`, MAX_WARNING_LENGTH));
}

export function reportedReasons(result: ContainerResult): readonly (readonly [container: string, reason: Reason])[] {
  return result.outcome === 'skipped' && isReported(result.reason) ? [[result.container, result.reason]] : [];
}

export function coded(reason: Reason): string {
  return `${reason.code}: ${reasonMessage(reason)}`;
}
