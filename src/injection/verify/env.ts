import { referencesIn } from '../../kubernetes/env-expansion.ts';
import type { EnvVar } from '../../kubernetes/pod.ts';
import type { Change } from '../../profiles/environment.ts';
import { isOptional, isReference, variableIn } from '../env/entry.ts';
import type { EnvFromLookup } from '../env/env-from.ts';
import type { ImageLookup } from '../image/value.ts';

export interface PermittedEnvironment {
  readonly changes: ReadonlyMap<string, Change>;
  readonly envFrom: EnvFromLookup;
  readonly imageValue: ImageLookup;
}

/**
 * Checks a container's `env`. Every existing variable is present, in order and unchanged; or, if a profile may change it, contains its value,
 * or was renamed and stands right before the variable that refers to it, or was replaced. There are no new duplicates, and every new `$(NAME)`
 * refers to a variable that is certain to be defined before it.
 */
export function brokenEnvironment(
  before: readonly EnvVar[],
  after: readonly EnvVar[],
  permitted: PermittedEnvironment,
): string | undefined {
  const changed = changedIndexes(before, after, permitted.changes);
  if (!changed) return 'an existing variable was changed, moved or removed';
  return (
    duplicateVariable(before, after) ??
    hiddenVariable(before, after, changed, permitted) ??
    undefinedReference(before, after, changed, permitted)
  );
}

/** Returns the indexes of new and changed variables; undefined if an existing variable was not kept. */
function changedIndexes(
  before: readonly EnvVar[],
  after: readonly EnvVar[],
  changes: ReadonlyMap<string, Change>,
): readonly number[] | undefined {
  const changed: number[] = [];
  let next = 0;
  for (const [index, variable] of after.entries()) {
    const original = before[next];
    const isKept =
      original !== undefined &&
      (variable === original || isPermitted(original, variable, after[index + 1], changes.get(original.name)));
    // A renamed variable has its old value.
    if (!isKept || (variable !== original && variable.name === original.name)) changed.push(index);
    if (isKept) next++;
  }
  return next < before.length ? undefined : changed;
}

function isPermitted(
  original: EnvVar,
  variable: EnvVar,
  next: EnvVar | undefined,
  change: Change | undefined,
): boolean {
  if (change === undefined) return false;
  if (original.name === variable.name) return change === 'replaces' || containsValue(variable, original);
  const isRenamed = original['valueFrom'] === variable['valueFrom'] && original.value === variable.value;
  return isRenamed && next?.name === original.name && (next.value ?? '').includes(`$(${variable.name})`);
}

function containsValue(variable: EnvVar, original: EnvVar): boolean {
  return !isReference(original) && !isReference(variable) && (variable.value ?? '').includes(original.value ?? '');
}

/** A variable in `env` hides the one from `envFrom`, and that of the image: a new value that extends it must refer to it, or contain it. */
function hiddenVariable(
  before: readonly EnvVar[],
  after: readonly EnvVar[],
  changed: readonly number[],
  { changes, envFrom, imageValue }: PermittedEnvironment,
): string | undefined {
  const existing = new Set(before.map(({ name }) => name));
  for (const index of changed) {
    const { name, value = '' } = after[index] ?? { name: '' };
    if (existing.has(name) || changes.get(name) !== 'extends') continue;
    const isInEnvFrom = envFrom(name) !== 'absent';
    const hidden = isInEnvFrom ? `$(${name})` : imageValue(name);
    if (hidden !== undefined && !value.includes(hidden))
      return `variable ${name} would hide the value ${isInEnvFrom ? 'from envFrom' : 'of the image'}`;
  }
  return undefined;
}

/** Duplicates in the original list may stay. */
function duplicateVariable(before: readonly EnvVar[], after: readonly EnvVar[]): string | undefined {
  if (new Set(after.map(({ name }) => name)).size === after.length) return undefined;
  const permitted = new Map<string, number>();
  for (const { name } of before) permitted.set(name, (permitted.get(name) ?? 0) + 1);
  const counts = new Map<string, number>();
  for (const { name } of after) {
    const count = (counts.get(name) ?? 0) + 1;
    if (count > Math.max(1, permitted.get(name) ?? 0)) return `duplicate variable ${name}`;
    counts.set(name, count);
  }
  return undefined;
}

function undefinedReference(
  before: readonly EnvVar[],
  after: readonly EnvVar[],
  changed: readonly number[],
  { envFrom }: PermittedEnvironment,
): string | undefined {
  for (const index of changed) {
    const uncertain = newReferences(before, after[index]).find((name) => {
      const variable = variableIn(after.slice(0, index), name);
      return variable ? isOptional(variable) : envFrom(name) !== 'present';
    });
    if (uncertain !== undefined) return `$(${uncertain}) refers to a variable that may not be defined before it`;
  }
  return undefined;
}

/** Returns the names that a variable refers to more often than the original value did. */
function newReferences(before: readonly EnvVar[], variable: EnvVar | undefined): readonly string[] {
  if (!variable) return [];
  const existing = new Map<string, number>();
  for (const name of referencesIn(variableIn(before, variable.name)?.value ?? ''))
    existing.set(name, (existing.get(name) ?? 0) + 1);
  return referencesIn(variable.value ?? '').filter((name) => {
    const count = existing.get(name) ?? 0;
    existing.set(name, count - 1);
    return count <= 0;
  });
}
