import type { Condition } from '../api/profile/condition.ts';
import type { EnvironmentDocument, ValueFrom } from '../api/profile/environment.ts';
import { referencesIn } from '../kubernetes/env-expansion.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Result } from '../lib/result.ts';
import { parseTemplate, type Template } from './template.ts';

export type DeclaredValue =
  | { readonly text: Template }
  | { readonly reference: ReferenceKind; readonly fields: ReadonlyMap<string, Template>; readonly rest: JsonObject };

type ReferenceKind = 'fieldRef' | 'resourceFieldRef' | 'secretKeyRef' | 'configMapKeyRef';

export type VariableOperation<Value> =
  | { readonly kind: 'set'; readonly compare: 'exact' | 'guid'; readonly value: Value }
  | { readonly kind: 'force'; readonly value: Value }
  | { readonly kind: 'append' | 'prepend'; readonly separator: string; readonly value: Value }
  | { readonly kind: 'merge'; readonly separator: string; readonly assignment: string; readonly value: Value };

export interface EnvironmentEntry {
  readonly name: string;
  /** The atomic set that the entry belongs to. */
  readonly group: string | undefined;
  readonly when: Condition | undefined;
  readonly operation: VariableOperation<DeclaredValue>;
}

export type Change = 'replaces' | 'extends';

/** The variables whose values the entries may change. Variables that are only set are not included: the author's value wins. */
export function changesBy(entries: readonly EnvironmentEntry[]): ReadonlyMap<string, Change> {
  return new Map(
    entries.flatMap(({ name, operation: { kind } }): [string, Change][] =>
      kind === 'set' ? [] : [[name, kind === 'force' ? 'replaces' : 'extends']],
    ),
  );
}

export function parseEntry(entry: EnvironmentDocument): EnvironmentEntry {
  return {
    name: entry.name,
    group: 'group' in entry ? entry.group : undefined,
    when: entry.when,
    operation: parseOperation(entry),
  };
}

function parseOperation(entry: EnvironmentDocument): VariableOperation<DeclaredValue> {
  const value = parseValue(entry.value, 'valueFrom' in entry ? entry.valueFrom : undefined);
  switch (entry.operation) {
    case undefined:
    case 'set':
      return { kind: 'set', compare: entry.compare, value };
    case 'force':
      return { kind: 'force', value };
    case 'append':
    case 'prepend':
      return { kind: entry.operation, separator: entry.separator, value };
    case 'merge':
      return { kind: 'merge', separator: entry.separator, assignment: entry.assignment, value };
  }
}

function parseValue(value: string | undefined, from: ValueFrom | undefined): DeclaredValue {
  if (!from) return { text: parseTemplate(value ?? '') };
  if ('fieldRef' in from) return { reference: 'fieldRef', fields: new Map(), rest: from.fieldRef };
  if ('resourceFieldRef' in from)
    return { reference: 'resourceFieldRef', fields: new Map(), rest: from.resourceFieldRef };
  const [kind, ref] =
    'secretKeyRef' in from
      ? (['secretKeyRef', from.secretKeyRef] as const)
      : (['configMapKeyRef', from.configMapKeyRef] as const);
  const fields = new Map([
    ['name', parseTemplate(ref.name)],
    ['key', parseTemplate(ref.key)],
  ]);
  return { reference: kind, fields, rest: { optional: ref.optional } };
}

export function templatesOf(value: DeclaredValue): readonly Template[] {
  return 'text' in value ? [value.text] : [...value.fields.values()];
}

/** The variables that an entry refers to. Values of parameters are escaped, so only the literal text can refer to any. */
export function variablesOf(entry: EnvironmentEntry): readonly string[] {
  const { value } = entry.operation;
  return 'text' in value
    ? referencesIn(value.text.map((part) => (typeof part === 'string' ? part : ' ')).join(''))
    : [];
}

export interface UnsortableEntry {
  readonly index: number;
  readonly message: string;
}

/**
 * Sorts the entries so that each follows those that it refers to by `$(NAME)`, and otherwise keeps their order. Fails for a cycle, a name that
 * the profile does not define, and one that may be unset when the container starts: the app would get the literal `$(NAME)`.
 */
export function sortByReference(
  entries: readonly EnvironmentEntry[],
): Result<readonly EnvironmentEntry[], UnsortableEntry> {
  const done = new Set<EnvironmentEntry>();
  const visit = (entry: EnvironmentEntry, referrers: readonly EnvironmentEntry[]): string | undefined => {
    if (done.has(entry)) return undefined;
    if (referrers.includes(entry))
      return `refers to itself: ${[...referrers, entry].map(({ name }) => name).join(' → ')}`;
    for (const name of variablesOf(entry)) {
      const targets = entries.filter((one) => one.name === name);
      const problem =
        problemOfReference(name, targets) ??
        targets.map((one) => visit(one, [...referrers, entry])).find((text) => text !== undefined);
      if (problem !== undefined) return problem;
    }
    done.add(entry);
    return undefined;
  };
  for (const [index, entry] of entries.entries()) {
    const message = visit(entry, []);
    if (message !== undefined) return { ok: false, error: { index, message } };
  }
  return { ok: true, value: [...done] };
}

function problemOfReference(name: string, targets: readonly EnvironmentEntry[]): string | undefined {
  if (targets.length === 0) return `refers to $(${name}), which this profile does not set`;
  const uncertain = targets.find(
    ({ when, operation: { value } }) => when || ('rest' in value && value.rest['optional'] === true),
  );
  return uncertain && `refers to $(${name}), which may be unset`;
}
