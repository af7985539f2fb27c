import type { Decision } from './decision.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { STATUS_ANNOTATION } from './keys.ts';
import type { ContainerOutcome } from './plan.ts';
import { annotationsOf, type Pod } from './pod.ts';
import { reasonTable } from './reason-table.ts';
import { oneLine, passedOverText, sentence } from './sentence.ts';

/** A container's line in the record: what it carries, or why it does not. */
type ContainerStatus =
  | { readonly container: string; readonly profile: string; readonly delivery: string; readonly why?: string }
  | { readonly container: string; readonly profile?: string; readonly reason: string };

/** A record is for people: of a pod with hundreds of containers it says the first ones, and how many more there are. */
const MOST_CONTAINERS = 20;

/**
 * The text of the `status` annotation: the record of the decision. Undefined when none is to be written: the pod is to stay as it is, or
 * carries the record of the injection that made it so.
 */
export function statusText(decision: Decision, pod: Pod): string | undefined {
  const before = injectedBefore(pod);
  if (decision.outcome === 'injected') {
    const lines = decision.containers.map((outcome) =>
      isThere(outcome) ? (before.get(agentIn(outcome)) ?? containerStatus(outcome)) : containerStatus(outcome),
    );
    return JSON.stringify({ decision: 'injected', ...containersPart(lines) });
  }
  const { kind } = reasonTable[decision.reason.code];
  if (kind !== 'problem' && kind !== 'satisfied') return undefined;
  if (kind === 'satisfied' && before.size > 0) return undefined;
  return JSON.stringify({
    decision: decision.outcome,
    reason: decision.reason.code,
    message: oneLine(sentence(decision.reason), 200),
    ...(decision.containers.length > 1 ? containersPart(decision.containers.map(containerStatus)) : {}),
  });
}

/** Only of an agent that is in the container an earlier record is believed: anybody can write the annotation. */
function isThere(outcome: ContainerOutcome): boolean {
  return outcome.outcome === 'skipped' && outcome.reason.code === 'already-instrumented';
}

function containersPart(lines: readonly ContainerStatus[]): JsonObject {
  const more = lines.length - MOST_CONTAINERS;
  return { containers: lines.slice(0, MOST_CONTAINERS), ...(more > 0 && { more }) };
}

/** What tells one agent in one container from another. Neither name can hold a blank. */
function agentIn({ container, profile }: { readonly container: string; readonly profile: string | undefined }): string {
  return `${container} ${profile ?? ''}`;
}

function containerStatus(outcome: ContainerOutcome): ContainerStatus {
  const { container } = outcome;
  if (outcome.outcome === 'injected') {
    const { profile, delivery, passedOver } = outcome;
    const why = passedOver.length > 0 && { why: oneLine(`not ${passedOver.map(passedOverText).join(', ')}`, 200) };
    return { container, profile, delivery, ...why };
  }
  const profile = outcome.profile === undefined ? {} : { profile: outcome.profile };
  return { container, ...profile, reason: outcome.reason.code };
}

/** All annotations of an object together, keys and values in UTF-8 (k8s.io/apimachinery pkg/api/validation/objectmeta.go). */
const ANNOTATIONS_LIMIT = 256 * 1024;

/** Whether the pod can carry the record, too: an author who fills the annotations to their limit gets the agent without it. */
export function fitsBeside(pod: Pod, status: string): boolean {
  const annotations = annotationsOf(pod);
  let size = STATUS_ANNOTATION.length + Buffer.byteLength(status);
  for (const name in annotations) {
    if (name !== STATUS_ANNOTATION) size += Buffer.byteLength(name) + Buffer.byteLength(annotations[name] ?? '');
  }
  return size <= ANNOTATIONS_LIMIT;
}

/** What an earlier pass says it injected. Only for the record: what is done follows from the pod itself, which cannot lie. */
function injectedBefore(pod: Pod): ReadonlyMap<string, ContainerStatus> {
  const record = parse(annotationsOf(pod)[STATUS_ANNOTATION]);
  const lines = isObject(record) && record['decision'] === 'injected' ? record['containers'] : undefined;
  if (!Array.isArray(lines)) return new Map();
  return new Map(
    lines.slice(0, MOST_CONTAINERS).flatMap((line: Json): [string, ContainerStatus][] => {
      if (!isObject(line)) return [];
      const { container, profile, delivery } = line;
      if (typeof container !== 'string' || typeof profile !== 'string' || typeof delivery !== 'string') return [];
      const isName = /^[A-Za-z0-9-]{1,63}$/.test(delivery);
      return isName ? [[agentIn({ container, profile }), { container, profile, delivery }]] : [];
    }),
  );
}

function parse(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
