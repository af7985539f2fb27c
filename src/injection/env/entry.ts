import type { EnvVar } from '../../kubernetes/pod.ts';
import { contains, isObject, type JsonObject } from '../../lib/json.ts';
import { withAdded, type ResolvedOperation } from './merge.ts';

export interface ResolvedEntry {
  readonly name: string;
  readonly group: string | undefined;
  readonly operation: ResolvedOperation;
}

/** Returns the variable that takes effect: the last one of its name, as in the kubelet. */
export function variableIn(environment: readonly EnvVar[], name: string): EnvVar | undefined {
  return environment.findLast((variable) => variable.name === name);
}

export function isReference(variable: EnvVar): boolean {
  return variable['valueFrom'] !== undefined && variable['valueFrom'] !== null;
}

/**
 * True if the kubelet may leave the variable out: the Secret, the ConfigMap or its key does not exist; or the value comes from a file, which exists only
 * once an init container has written it, and which only newer kubelets read (`fileKeyRef`).
 */
export function isOptional({ valueFrom }: EnvVar): boolean {
  if (!isObject(valueFrom)) return false;
  return (
    isObject(valueFrom['fileKeyRef']) ||
    Object.values(valueFrom).some((reference) => isObject(reference) && reference['optional'] === true)
  );
}

/** Compares only the fields that the profile sets: the API server adds defaults to the others. */
export function hasReference(variable: EnvVar, valueFrom: JsonObject): boolean {
  return contains(variable['valueFrom'], valueFrom);
}

/** True if writing the entry would change nothing. Variables from `envFrom` do not count. */
export function isAlreadyApplied(environment: readonly EnvVar[], { name, operation }: ResolvedEntry): boolean {
  const variable = variableIn(environment, name);
  if (!variable) return false;
  if (operation.kind === 'set') return true;
  if (!('text' in operation.value)) return hasReference(variable, operation.value.valueFrom);
  if (isReference(variable)) return false;
  const value = variable.value ?? '';
  return operation.kind === 'force'
    ? value === operation.value.text
    : withAdded(value, operation.value.text, operation) === value;
}
