import { annotationsOf, type Pod } from '../kubernetes/pod.ts';
import { isObject, type Json, type JsonObject, parsedJson } from '../lib/json.ts';
import { splitList } from '../lib/text.ts';
import { STATUS_ANNOTATION } from './keys.ts';

/** Names in a record. Earlier versions wrote them comma-separated. A last name that ends with `…` says that some are left out. */
export type NameList = string | readonly string[];

/** Status of an injected container. Part of every answer, so it is short: empty lists are omitted. */
export interface InjectedStatus extends JsonObject {
  readonly container: string;
  readonly profile: string;
  /** Hash of the content of the profile. */
  readonly hash: string;
  /** The target that has chosen the profile: `AgentTarget shop/java`. */
  readonly target?: string;
  readonly delivery: string;
  readonly why?: string;
  readonly env?: NameList;
  readonly changed?: NameList;
  /** Variables of `env` that begin with the value of the image. */
  readonly kept?: NameList;
  /** No facts about the image were known, or none that were new enough, where they would have counted. */
  readonly image?: 'unknown' | 'outdated';
  /** Maps paths in the container to the volumes mounted there. */
  readonly mounts?: Readonly<Record<string, string>>;
  readonly init?: string;
  readonly annotations?: NameList;
  /** Maps `container`, `pod`, `target`, `namespace`, `cluster-target`, `cluster` or `profile` to the parameters whose values come from there. */
  readonly from?: Readonly<Record<string, NameList>>;
}

interface SkippedStatus extends JsonObject {
  readonly container: string;
  readonly profile?: string;
  readonly reason: string;
}

export type ContainerStatus = InjectedStatus | SkippedStatus;

export interface StatusRecord {
  readonly decision: string;
  /** `policy`: an admission policy has injected the pod, and not a server. */
  readonly by?: typeof BY_POLICY | undefined;
  readonly reason: string | undefined;
  readonly message: string | undefined;
  readonly containers: readonly ContainerStatus[];
  /** Number of containers that are not listed. */
  readonly more: number;
}

export const BY_POLICY = 'policy';

/** Containers that are listed; the annotation counts the others. */
export const MAX_CONTAINERS = 20;

// Both limits apply to writing and reading.
export const MAX_TEXT_LENGTH = 1000;

export const MAX_PATHS = 30;

/** The names of a list, without the last one if it is cut. */
export function namesIn(list: NameList | undefined): readonly string[] {
  const names = typeof list === 'string' ? splitList(list) : (list ?? []);
  return isCut(list) ? names.slice(0, -1) : names;
}

/** True if some names are left out. */
export function isCut(list: NameList | undefined): boolean {
  return (typeof list === 'string' ? list : (list?.at(-1) ?? '')).endsWith('…');
}

export function isInjected(status: ContainerStatus): status is InjectedStatus {
  return 'delivery' in status;
}

/**
 * Reads the status annotation; undefined if it is absent or invalid. Anyone can write the annotation: the result is bounded and well formed, but
 * may be untrue.
 */
export function readStatus(pod: Pod): StatusRecord | undefined {
  const record = parse(annotationsOf(pod)[STATUS_ANNOTATION]);
  if (!isObject(record) || !isText(record['decision'])) return undefined;
  const { decision, by, reason, message, containers, more } = record;
  const statuses = Array.isArray(containers) ? containers.slice(0, MAX_CONTAINERS) : [];
  return {
    decision,
    ...(by === BY_POLICY && { by: BY_POLICY }),
    reason: isText(reason) ? reason : undefined,
    message: isText(message) ? message : undefined,
    containers: statuses.flatMap((status: Json) => (isStatus(status) ? [status] : [])),
    more: typeof more === 'number' && more > 0 ? more : 0,
  };
}

function parse(text: string | undefined): unknown {
  return text === undefined || text.length > MAX_RECORD_LENGTH ? undefined : parsedJson(text);
}

const MAX_RECORD_LENGTH = 64 * 1024;

type Check = (value: Json | undefined) => boolean;

function isText(value: Json | undefined): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT_LENGTH && !/\p{Cc}/u.test(value);
}

const isTextMap: Check = (value) =>
  isObject(value) && Object.keys(value).length <= MAX_PATHS && Object.entries(value).flat().every(isText);

const isNameList: Check = (value) =>
  isText(value) ||
  (Array.isArray(value) && value.length <= MAX_TEXT_LENGTH && isText(value.join()) && value.every(isText));

const isNameListMap: Check = (value) =>
  isObject(value) &&
  Object.keys(value).length <= MAX_PATHS &&
  Object.entries(value).every(([name, list]) => isText(name) && isNameList(list));

// A status with any other field was not written by agent-injector.
const fields: Readonly<Record<string, Check>> = {
  container: isText,
  profile: isText,
  reason: isText,
  hash: (value) => typeof value === 'string' && /^[0-9a-f]{8}$/.test(value),
  target: isText,
  delivery: (value) => typeof value === 'string' && /^[A-Za-z0-9-]{1,63}$/.test(value),
  why: isText,
  env: isNameList,
  changed: isNameList,
  kept: isNameList,
  image: (value) => value === 'unknown' || value === 'outdated',
  mounts: isTextMap,
  init: isText,
  annotations: isNameList,
  from: isNameListMap,
};

function isStatus(value: Json): value is ContainerStatus {
  if (!isObject(value) || value['container'] === undefined) return false;
  const required = value['delivery'] === undefined ? ['reason'] : ['profile', 'hash'];
  return (
    required.every((name) => value[name] !== undefined) &&
    Object.entries(value).every(([name, field]) => Object.hasOwn(fields, name) && fields[name]?.(field))
  );
}
