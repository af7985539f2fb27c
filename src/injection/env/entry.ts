import type { EnvVar } from '../../kubernetes/pod.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { combined, type OwnOperation } from './merge.ts';

/** An entry that a profile writes, with its value made. */
export interface OwnEntry {
  readonly name: string;
  readonly group: string | undefined;
  readonly operation: OwnOperation;
}

/** The value that a container gives a variable: the last entry of a name wins, as in the kubelet. Undefined where none is written. */
export function entryOf(environment: readonly EnvVar[], name: string): EnvVar | undefined {
  return environment.findLast((entry) => entry.name === name);
}

export function comesByReference(entry: EnvVar): boolean {
  return entry['valueFrom'] !== undefined && entry['valueFrom'] !== null;
}

/** Whether the variable comes by just this reference. The API server fills in what we leave out, so only what we say is compared. */
export function refersAlike(entry: EnvVar, valueFrom: JsonObject): boolean {
  return includes(entry['valueFrom'], valueFrom);
}

function includes(theirs: Json | undefined, ours: Json | undefined): boolean {
  if (!isObject(ours)) return theirs === ours;
  return isObject(theirs) && Object.keys(ours).every((key) => includes(theirs[key], ours[key]));
}

/** Whether the variable has what the entry would give it. Only what stands in the pod counts. */
export function isWritten(environment: readonly EnvVar[], { name, operation }: OwnEntry): boolean {
  const found = entryOf(environment, name);
  if (!found) return false;
  if (operation.kind === 'set') return true;
  if (!('text' in operation.value)) return refersAlike(found, operation.value.valueFrom);
  if (comesByReference(found)) return false;
  const value = found.value ?? '';
  return operation.kind === 'force'
    ? value === operation.value.text
    : combined(value, operation.value.text, operation) === value;
}
