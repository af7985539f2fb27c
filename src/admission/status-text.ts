import { STATUS_ANNOTATION } from '../api/keys.ts';
import {
  type ContainerStatus,
  type InjectedStatus,
  isInjected,
  MAX_TEXT_LENGTH,
  MAX_CONTAINERS,
  MAX_PATHS,
  namesIn,
  readStatus,
  type StatusRecord,
} from '../api/status-annotation.ts';
import type { ContainerOutcome } from '../injection/outcome.ts';
import { annotationsOf, type Pod } from '../kubernetes/pod.ts';
import { oneLine } from '../lib/text.ts';
import { skippedDeliveryText, reasonMessage } from '../reasons/message.ts';
import type { ReasonCode } from '../reasons/reason.ts';
import type { ReasonKind } from '../reasons/reason-kind.ts';
import { reasonTable } from '../reasons/reason-table.ts';
import type { Parameters } from '../settings/parameters.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Decision } from './decision.ts';
import { isCurrent, missingEvidence } from './status-evidence.ts';

/**
 * The `status` annotation for the decision. Undefined if the pod must not change, or has the status of the earlier injection. Any other status on
 * the pod was not written by agent-injector, and is replaced whatever the decision.
 */
export function statusText(decision: Decision, pod: Pod, catalogue: Catalogue): string | undefined {
  if (decision.outcome === 'injected') return injectedText(decision.containers, pod);
  const { code } = decision.reason;
  // The record of an earlier pass stays true for the containers that have one agent.
  if (code === 'slot-shared' && wasInjected(decision.containers, pod)) return injectedText(decision.containers, pod);
  if (UNTOUCHED.has(code)) return undefined;
  const { kind } = reasonTable[code];
  if (isProven(decision, pod, catalogue, kind === 'problem' ? 'others' : 'any')) return undefined;
  const isRecorded = RECORDED.has(kind) || isRequiredOptOut(decision);
  if (!isRecorded && annotationsOf(pod)[STATUS_ANNOTATION] === undefined) return undefined;
  return skippedText(decision);
}

function skippedText({ outcome, reason, containers }: Exclude<Decision, { outcome: 'injected' }>): string {
  const head = JSON.stringify({
    decision: outcome,
    reason: reason.code,
    message: oneLine(reasonMessage(reason), 200),
  });
  if (containers.length < 2) return head;
  return `${head.slice(0, -1)},${containersPart(containers, containerStatus)}}`;
}

function injectedText(containers: readonly ContainerOutcome[], pod: Pod): string {
  const before = injectedBefore(pod);
  const statusOf = (result: ContainerOutcome): ContainerStatus =>
    (hasAgent(result) ? before.get(keyOf(result)) : undefined) ?? containerStatus(result);
  return `{"decision":"injected",${containersPart(containers, statusOf)}}`;
}

function wasInjected(containers: readonly ContainerOutcome[], pod: Pod): boolean {
  const before = injectedBefore(pod);
  return containers.some((result) => hasAgent(result) && before.has(keyOf(result)));
}

/** The kubelet compares a mirror pod with its file, and where another release or a policy decides, the record is its own. */
const UNTOUCHED: ReadonlySet<ReasonCode> = new Set(['mirror-pod', 'other-revision', 'injected-by-policy']);

const RECORDED: ReadonlySet<ReasonKind> = new Set(['problem', 'suspension', 'satisfied', 'unverified']);

function isRequiredOptOut({ notices }: Decision): boolean {
  return notices.some(({ code }) => code === 'required-opt-out');
}

// Anyone can write the annotation, so an earlier status is trusted only for an agent that is in the container.
function hasAgent(result: ContainerOutcome): boolean {
  return result.outcome === 'skipped' && result.reason.code === 'already-instrumented';
}

/**
 * True if the pod has the status of an earlier injection: each container that it names has the agent, by this decision or by the pod itself.
 * `others`: only that of another release, with profiles that are not those of this one.
 */
export function isProven(decision: Decision, pod: Pod, catalogue: Catalogue, by: 'any' | 'others'): boolean {
  const record = readStatus(pod);
  if (record?.decision !== 'injected' || !isOwnText(record, annotationsOf(pod)[STATUS_ANNOTATION])) return false;
  const injected = record.containers.filter(isInjected);
  const instrumented = new Set(decision.containers.filter(hasAgent).map(keyOf));
  const areDistinct = new Set(injected.map(keyOf)).size === injected.length;
  // Where the decision has found the agent, what the status names must be there, and the profile need not be the same as then.
  const isTrue = (status: InjectedStatus): boolean =>
    missingEvidence(pod, status, instrumented.has(keyOf(status)) ? undefined : catalogue) === undefined;
  const isRelevant = by === 'any' || !injected.some((status) => isCurrent(status, catalogue));
  return injected.length > 0 && areDistinct && isRelevant && injected.every(isTrue);
}

/** True if agent-injector would write this record as this text: there is nothing else in it. */
export function isOwnText({ decision, by, containers, more }: StatusRecord, text: string | undefined): boolean {
  return JSON.stringify({ decision, ...(by && { by }), containers, ...(more > 0 && { more }) }) === text;
}

/** In characters, for all containers together. Beyond it, details are omitted. */
const MAX_DETAIL = 6000;

function containersPart(
  results: readonly ContainerOutcome[],
  statusOf: (result: ContainerOutcome) => ContainerStatus,
): string {
  const more = results.length - MAX_CONTAINERS;
  let room = MAX_DETAIL;
  const texts = results.slice(0, MAX_CONTAINERS).map((result) => {
    const status = statusOf(result);
    const text = JSON.stringify(status);
    room -= text.length;
    return room >= 0 ? text : JSON.stringify(withoutDetail(status));
  });
  return `"containers":[${texts.join(',')}]${more > 0 ? `,"more":${more}` : ''}`;
}

function withoutDetail(status: ContainerStatus): ContainerStatus {
  if (!isInjected(status)) return status;
  const { container, profile, hash, delivery, env, changed, mounts } = status;
  // Enough to tell that the pod has the agent.
  const [variable] = namesIn(env ?? changed);
  const [mount] = Object.entries(mounts ?? {});
  return {
    container,
    profile,
    hash,
    delivery,
    ...listed(env === undefined ? 'changed' : 'env', variable === undefined ? [] : [variable]),
    ...mapped('mounts', mount ? [mount] : []),
  };
}

/** Neither name can contain a space. */
function keyOf({ container, profile }: { readonly container: string; readonly profile: string | undefined }): string {
  return `${container} ${profile ?? ''}`;
}

function containerStatus(result: ContainerOutcome): ContainerStatus {
  const container = oneLine(result.container, MAX_TEXT_LENGTH);
  if (result.outcome === 'injected') return injectedStatus(container, result);
  const profile = result.profile === undefined ? {} : { profile: result.profile };
  return { container, ...profile, reason: result.reason.code };
}

function injectedStatus(container: string, result: Extract<ContainerOutcome, { outcome: 'injected' }>): InjectedStatus {
  const { profile, hash, target, delivery, skippedDeliveries, parameters, additions } = result;
  const { initContainer } = additions;
  return {
    container,
    profile,
    hash,
    ...(target !== undefined && { target: oneLine(target, MAX_TEXT_LENGTH) }),
    delivery,
    ...(skippedDeliveries.length > 0 && {
      why: oneLine(`not ${skippedDeliveries.map(skippedDeliveryText).join(', ')}`, 200),
    }),
    ...listed('env', additions.added),
    ...listed('changed', additions.changed),
    ...listed('kept', additions.kept ?? []),
    ...(additions.image !== undefined && { image: additions.image }),
    ...mapped('mounts', [...additions.mounts].slice(0, MAX_PATHS)),
    ...(initContainer !== undefined && { init: initContainer }),
    ...listed('annotations', additions.annotations),
    ...sources(parameters),
  };
}

function sources(parameters: Parameters): Pick<InjectedStatus, 'from'> {
  const names = new Map<string, string[]>();
  for (const [name, { source }] of parameters) names.set(source.from, [...(names.get(source.from) ?? []), name]);
  return names.size === 0
    ? {}
    : { from: Object.fromEntries([...names].map(([from, list]) => [from, fittingNames(list)] as const)) };
}

function listed(name: string, values: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return values.length === 0 ? {} : { [name]: fittingNames(values) };
}

/** The first names that fit; `…` says that more are left out. */
function fittingNames(names: readonly string[]): readonly string[] {
  let room = MAX_TEXT_LENGTH - 2;
  const fitting = names.map((name) => oneLine(name, MAX_TEXT_LENGTH)).filter((name) => (room -= name.length + 1) >= 0);
  return fitting.length === names.length ? fitting : [...fitting, '…'];
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

/** Bytes of all keys and values of an object's annotations (k8s.io/apimachinery pkg/api/validation/objectmeta.go). */
const ANNOTATIONS_LIMIT = 256 * 1024;

/** Longer than any status. Whether one fits must not depend on the status: a second pass has a shorter one, and must not add it. */
const RESERVED = 16 * 1024;

/**
 * The status if it fits into the size limit of annotations. A pod with full annotations is injected without a status, and one that it has already
 * becomes empty.
 */
export function fittingStatus(pod: Pod, status: string | undefined): string | undefined {
  if (status === undefined || annotationsSize(pod, STATUS_ANNOTATION) + RESERVED <= ANNOTATIONS_LIMIT) return status;
  return annotationsOf(pod)[STATUS_ANNOTATION] === undefined ? undefined : '';
}

/** True if the API server would refuse the annotations of the patched pod and not those of the pod. */
export function exceedsAnnotations(before: Pod, after: Pod): boolean {
  return annotationsSize(after) > ANNOTATIONS_LIMIT && annotationsSize(before) <= ANNOTATIONS_LIMIT;
}

function annotationsSize(pod: Pod, except?: string): number {
  const annotations = annotationsOf(pod);
  let size = 0;
  for (const name in annotations) {
    if (name !== except) size += Buffer.byteLength(name) + Buffer.byteLength(annotations[name] ?? '');
  }
  return size;
}

/** The containers that an earlier pass injected, for the new status only. Decisions rely on the pod itself. */
function injectedBefore(pod: Pod): ReadonlyMap<string, InjectedStatus> {
  const earlier = readStatus(pod);
  if (earlier?.decision !== 'injected') return new Map();
  return new Map(earlier.containers.filter(isInjected).map((status) => [keyOf(status), status]));
}
