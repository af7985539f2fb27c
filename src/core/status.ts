import type { Decision } from './decision.ts';
import { isObject, type Json } from './json.ts';
import { STATUS_ANNOTATION } from './keys.ts';
import type { ContainerOutcome } from './plan.ts';
import { annotationsOf, type Pod } from './pod.ts';
import { reasonTable } from './reasons.ts';
import { oneLine, sentence } from './sentence.ts';

/** A container's line in the record: what it carries, or why it does not. */
type ContainerStatus =
  | { readonly container: string; readonly profile: string; readonly delivery: string }
  | { readonly container: string; readonly profile?: string; readonly reason: string };

/**
 * The text of the `status` annotation: the record of the decision. Undefined when none is to be written: the pod is to stay as it is, or
 * carries the record of the injection that made it so.
 */
export function statusText(decision: Decision, pod: Pod): string | undefined {
  const before = injectedBefore(pod);
  if (decision.outcome === 'injected') {
    const lines = decision.containers.map((outcome) =>
      outcome.outcome === 'injected'
        ? containerStatus(outcome)
        : (before.find(isFor(outcome)) ?? containerStatus(outcome)),
    );
    return JSON.stringify({ decision: 'injected', containers: lines });
  }
  const { kind } = reasonTable[decision.reason.code];
  if (kind !== 'problem' && kind !== 'satisfied') return undefined;
  if (kind === 'satisfied' && before.length > 0) return undefined;
  return JSON.stringify({
    decision: decision.outcome,
    reason: decision.reason.code,
    message: oneLine(sentence(decision.reason), 200),
    ...(decision.containers.length > 1 ? { containers: decision.containers.map(containerStatus) } : {}),
  });
}

/** Finds the line that an earlier pass wrote for the same agent in the same container. */
function isFor(outcome: ContainerOutcome): (line: { container: string; profile: string }) => boolean {
  return (line) => line.container === outcome.container && line.profile === outcome.profile;
}

function containerStatus(outcome: ContainerOutcome): ContainerStatus {
  const { container } = outcome;
  if (outcome.outcome === 'injected') return { container, profile: outcome.profile, delivery: outcome.delivery };
  const profile = outcome.profile === undefined ? {} : { profile: outcome.profile };
  return { container, ...profile, reason: outcome.reason.code };
}

/** The containers that an earlier pass says it injected. Only for the record: what is done follows from the pod itself, which cannot lie. */
function injectedBefore(pod: Pod): readonly { container: string; profile: string; delivery: string }[] {
  const record = parse(annotationsOf(pod)[STATUS_ANNOTATION]);
  const lines = isObject(record) && record['decision'] === 'injected' ? record['containers'] : undefined;
  if (!Array.isArray(lines)) return [];
  return lines.flatMap((line: Json) => {
    if (!isObject(line)) return [];
    const { container, profile, delivery } = line;
    const known = typeof container === 'string' && typeof profile === 'string' && typeof delivery === 'string';
    return known ? [{ container, profile, delivery }] : [];
  });
}

function parse(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
