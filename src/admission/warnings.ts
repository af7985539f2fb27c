import type { ContainerResult } from '../injection/outcome.ts';
import { oneLine } from '../lib/text.ts';
import { reasonMessage } from '../reasons/message.ts';
import type { Reason } from '../reasons/reason.ts';
import { type Decision, isReported } from './decision.ts';

/** Kubernetes asks for at most 120 characters (k8s.io/api admission/v1 types.go) and cuts the list as a whole when it grows. */
const MAX_WARNING_LENGTH = 120;

const MAX_WARNINGS = 5;

/**
 * What `kubectl` shows: a problem or a failure that kept the agent out, then the notices. The code comes before its sentence, which may be
 * cut: docs/reasons.md is found by it.
 */
export function warningsFor(decision: Decision): readonly string[] {
  const whole = decision.outcome === 'skipped' && isReported(decision.reason) ? [decision.reason] : [];
  const partly = decision.outcome === 'injected' ? decision.containers.flatMap(reportedReasons) : [];
  const texts = [
    ...whole.map((reason) => `not injected: ${coded(reason)}`),
    ...partly.map(([container, reason]) => `container ${oneLine(container, 63)} not injected: ${coded(reason)}`),
    ...decision.notices.map(coded),
  ];
  return texts.slice(0, MAX_WARNINGS).map((text) => oneLine(`agent-injector: ${text}`, MAX_WARNING_LENGTH));
}

/** A container that was asked for and went without, and why. */
export function reportedReasons(outcome: ContainerResult): readonly (readonly [container: string, reason: Reason])[] {
  return outcome.outcome === 'skipped' && isReported(outcome.reason) ? [[outcome.container, outcome.reason]] : [];
}

function coded(reason: Reason): string {
  return `${reason.code}: ${reasonMessage(reason)}`;
}
