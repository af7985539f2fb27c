import { contains, type Json, type JsonObject, objectsIn } from '../lib/json.ts';
import type { ConditionType } from './condition-table.ts';
import { type Condition, conditionsOf, type Finding } from './condition.ts';

/** What of a status one process writes: another one writes the rest, under another manager of fields. */
export interface Ownership {
  readonly manager: string;
  readonly conditions: readonly ConditionType[];
  /** The other fields. */
  readonly fields: readonly string[];
}

/** What is to be said of a resource. A field that is missing is taken out. */
export interface Report {
  /** The generation that it is about. */
  readonly generation: number;
  readonly findings: readonly Finding[];
  readonly fields?: Readonly<Record<string, Json>>;
}

export interface Status extends JsonObject {
  readonly conditions: readonly Condition[];
}

/** The status to write. `previous` is all of it, by whomever it was written; `now` has the form of metav1.Time. */
export function renderStatus(previous: JsonObject, { generation, findings, fields }: Report, now: string): Status {
  return { ...fields, conditions: conditionsOf(previous, findings, { generation, now }) };
}

/** True if the resource says all of it, and nothing else of what this process writes. */
export function isWritten(previous: JsonObject, next: Status, { conditions, fields }: Ownership): boolean {
  const before = objectsIn(previous, 'conditions');
  const areSame = conditions.every((type) => {
    const [old, one] = [before, next.conditions].map((all) => all.find((each) => each['type'] === type));
    return isSame(old, one);
  });
  return areSame && fields.every((name) => isSame(previous[name], next[name]));
}

function isSame(one: Json | undefined, other: Json | undefined): boolean {
  return contains(one, other) && contains(other, one);
}

/** The body of a server-side apply. With the uid, it does not reach an object that was created again under the name. */
export function appliedStatus(
  resource: {
    readonly kind: string;
    readonly apiVersion: string;
    readonly namespace?: string;
    readonly name: string;
    readonly uid: string;
  },
  status: Status,
): JsonObject {
  const { kind, apiVersion, namespace, name, uid } = resource;
  return { apiVersion, kind, metadata: { name, uid, ...(namespace !== undefined && { namespace }) }, status };
}
