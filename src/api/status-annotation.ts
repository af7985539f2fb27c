import { annotationsOf, type Pod } from '../kubernetes/pod.ts';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import { STATUS_ANNOTATION } from './keys.ts';

/**
 * What the record says of a container that got an agent. Lists are names joined by commas, for it comes with every answer and must be short;
 * an empty one is left out.
 */
export interface InjectedStatus extends JsonObject {
  readonly container: string;
  readonly profile: string;
  /** Of the profile's content at the time; absent in records of versions before 0.2. */
  readonly hash?: string;
  readonly delivery: string;
  /** Why deliveries that the profile prefers were passed over. */
  readonly why?: string;
  /** Variables that were added, and those whose value was changed. */
  readonly env?: string;
  readonly changed?: string;
  /** From a path in the container to the volume that was mounted there. */
  readonly mounts?: Readonly<Record<string, string>>;
  /** The init container and the annotations that the pod got for it. */
  readonly init?: string;
  readonly annotations?: string;
  /** From `container`, `pod`, `namespace`, `cluster` or `profile` to the parameters whose value it gave. */
  readonly from?: Readonly<Record<string, string>>;
}

/** What the record says of a container that got none. */
export interface SkippedStatus extends JsonObject {
  readonly container: string;
  readonly profile?: string;
  readonly reason: string;
}

export type ContainerStatus = InjectedStatus | SkippedStatus;

/** The record on a pod, as far as it can be read. */
export interface StatusRecord {
  readonly decision: string;
  /** The code, where the pod as a whole was not injected. */
  readonly reason: string | undefined;
  readonly message: string | undefined;
  readonly containers: readonly ContainerStatus[];
  /** How many containers more the pod has than are told of. */
  readonly more: number;
}

/** A record is for people: of a pod with hundreds of containers it says the first ones, and how many more there are. */
export const MAX_CONTAINERS = 20;

/** The longest text in a line, and the most paths. Both hold when it is written and when it is read. */
export const MAX_TEXT_LENGTH = 1000;

export const MAX_PATHS = 30;

/** Whether the line is of a container that carries an agent. */
export function isInjected(line: ContainerStatus): line is InjectedStatus {
  return 'delivery' in line;
}

/**
 * The record on a pod; undefined where there is none, or nothing that could be one. Anybody can write the annotation: what is read is bounded
 * and has the shape of a record, but it need not be true.
 */
export function readStatus(pod: Pod): StatusRecord | undefined {
  const record = parse(annotationsOf(pod)[STATUS_ANNOTATION]);
  if (!isObject(record) || !isText(record['decision'])) return undefined;
  const { decision, reason, message, containers, more } = record;
  const lines = Array.isArray(containers) ? containers.slice(0, MAX_CONTAINERS) : [];
  return {
    decision,
    reason: isText(reason) ? reason : undefined,
    message: isText(message) ? message : undefined,
    containers: lines.flatMap((line: Json) => (isStatus(line) ? [line] : [])),
    more: typeof more === 'number' && more > 0 ? more : 0,
  };
}

function parse(text: string | undefined): unknown {
  if (text === undefined || text.length > MAX_RECORD_LENGTH) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Far more than we ever write. */
const MAX_RECORD_LENGTH = 64 * 1024;

type Check = (value: Json | undefined) => boolean;

function isText(value: Json | undefined): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT_LENGTH && !/\p{Cc}/u.test(value);
}

const isTextMap: Check = (value) =>
  isObject(value) && Object.keys(value).length <= MAX_PATHS && Object.entries(value).flat().every(isText);

/** What may stand in a line, and what it must be. A field that is not named here is no line of ours. */
const fields: Readonly<Record<string, Check>> = {
  container: isText,
  profile: isText,
  reason: isText,
  hash: (value) => typeof value === 'string' && /^[0-9a-f]{8}$/.test(value),
  delivery: (value) => typeof value === 'string' && /^[A-Za-z0-9-]{1,63}$/.test(value),
  why: isText,
  env: isText,
  changed: isText,
  mounts: isTextMap,
  init: isText,
  annotations: isText,
  from: isTextMap,
};

function isStatus(line: Json): line is ContainerStatus {
  if (!isObject(line) || line['container'] === undefined) return false;
  const isWhole = line['reason'] !== undefined || (line['profile'] !== undefined && line['delivery'] !== undefined);
  return isWhole && Object.entries(line).every(([name, value]) => Object.hasOwn(fields, name) && fields[name]?.(value));
}
