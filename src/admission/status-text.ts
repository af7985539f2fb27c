import { STATUS_ANNOTATION } from '../api/keys.ts';
import {
  type ContainerStatus,
  type InjectedStatus,
  isInjected,
  MAX_TEXT_LENGTH,
  MAX_CONTAINERS,
  MAX_PATHS,
  readStatus,
} from '../api/status-annotation.ts';
import type { ContainerOutcome } from '../injection/outcome.ts';
import { annotationsOf, type Pod } from '../kubernetes/pod.ts';
import { oneLine } from '../lib/text.ts';
import { skippedDeliveryText, reasonMessage } from '../reasons/message.ts';
import { reasonTable } from '../reasons/table.ts';
import type { Parameters } from '../settings/parameters.ts';
import type { Decision } from './decision.ts';

/**
 * The text of the `status` annotation: the record of the decision. Undefined when none is to be written: the pod is to stay as it is, or
 * carries the record of the injection that made it so.
 */
export function statusText(decision: Decision, pod: Pod): string | undefined {
  const before = injectedBefore(pod);
  if (decision.outcome === 'injected') {
    const lineOf = (outcome: ContainerOutcome): ContainerStatus =>
      (isThere(outcome) ? before.get(agentIn(outcome)) : undefined) ?? containerStatus(outcome);
    return `{"decision":"injected",${containersPart(decision.containers, lineOf)}}`;
  }
  const { kind } = reasonTable[decision.reason.code];
  if (kind !== 'problem' && kind !== 'satisfied') return undefined;
  if (kind === 'satisfied' && before.size > 0) return undefined;
  const head = JSON.stringify({
    decision: decision.outcome,
    reason: decision.reason.code,
    message: oneLine(reasonMessage(decision.reason), 200),
  });
  if (decision.containers.length < 2) return head;
  return `${head.slice(0, -1)},${containersPart(decision.containers, containerStatus)}}`;
}

/** Only of an agent that is in the container an earlier record is believed: anybody can write the annotation. */
function isThere(outcome: ContainerOutcome): boolean {
  return outcome.outcome === 'skipped' && outcome.reason.code === 'already-instrumented';
}

/** In characters. Lines beyond it say what the container carries, and no more. */
const MAX_DETAIL = 6000;

function containersPart(
  outcomes: readonly ContainerOutcome[],
  lineOf: (outcome: ContainerOutcome) => ContainerStatus,
): string {
  const more = outcomes.length - MAX_CONTAINERS;
  let room = MAX_DETAIL;
  const texts = outcomes.slice(0, MAX_CONTAINERS).map((outcome) => {
    const line = lineOf(outcome);
    const text = JSON.stringify(line);
    room -= text.length;
    return room >= 0 ? text : JSON.stringify(withoutDetail(line));
  });
  return `"containers":[${texts.join(',')}]${more > 0 ? `,"more":${more}` : ''}`;
}

function withoutDetail(line: ContainerStatus): ContainerStatus {
  if (!isInjected(line)) return line;
  const { container, profile, hash, delivery } = line;
  return { container, profile, ...(hash !== undefined && { hash }), delivery };
}

/** What tells one agent in one container from another. Neither name can hold a blank. */
function agentIn({ container, profile }: { readonly container: string; readonly profile: string | undefined }): string {
  return `${container} ${profile ?? ''}`;
}

function containerStatus(outcome: ContainerOutcome): ContainerStatus {
  const container = oneLine(outcome.container, MAX_TEXT_LENGTH);
  if (outcome.outcome === 'injected') return injectedStatus(container, outcome);
  const profile = outcome.profile === undefined ? {} : { profile: outcome.profile };
  return { container, ...profile, reason: outcome.reason.code };
}

function injectedStatus(
  container: string,
  outcome: Extract<ContainerOutcome, { outcome: 'injected' }>,
): InjectedStatus {
  const { profile, hash, delivery, skippedDeliveries: skipped, parameters, additions } = outcome;
  const { initContainer } = additions;
  return {
    container,
    profile,
    hash,
    delivery,
    ...(skipped.length > 0 && { why: oneLine(`not ${skipped.map(skippedDeliveryText).join(', ')}`, 200) }),
    ...listed('env', additions.added),
    ...listed('changed', additions.changed),
    ...mapped('mounts', [...additions.mounts].slice(0, MAX_PATHS)),
    ...(initContainer !== undefined && { init: initContainer }),
    ...listed('annotations', additions.annotations),
    ...mapped('from', [...givers(parameters)]),
  };
}

/** From who gave something to the names of what he gave, in the order of the profile. */
function givers(parameters: Parameters): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [name, { source }] of parameters) {
    const before = names.get(source.from);
    names.set(source.from, before === undefined ? name : `${before},${name}`);
  }
  return names;
}

function listed(name: string, values: readonly string[]): Readonly<Record<string, string>> {
  return values.length === 0 ? {} : { [name]: oneLine(values.join(), MAX_TEXT_LENGTH) };
}

function mapped(
  name: string,
  entries: readonly (readonly [string, string])[],
): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const bounded = entries.map(
    ([key, value]) => [oneLine(key, MAX_TEXT_LENGTH), oneLine(value, MAX_TEXT_LENGTH)] as const,
  );
  return entries.length === 0 ? {} : { [name]: Object.fromEntries(bounded) };
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
function injectedBefore(pod: Pod): ReadonlyMap<string, InjectedStatus> {
  const record = readStatus(pod);
  if (record?.decision !== 'injected') return new Map();
  return new Map(record.containers.filter(isInjected).map((line) => [agentIn(line), line]));
}
