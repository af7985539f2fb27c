import type { Condition } from '../api/profile/condition.ts';
import type { EnvironmentDocument, ValueFrom } from '../api/profile/environment.ts';
import type { Spec } from '../api/profile/profile.ts';
import { referencesIn } from '../kubernetes/env-expansion.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Result } from '../lib/result.ts';
import { parametersOf, parseTemplate, type Template } from './template.ts';

export type DeclaredValue =
  | { readonly text: Template }
  /** The annotations of the pod with a prefix, or a parameter of type `assignments`. Only merged. */
  | { readonly pairs: { readonly prefix: string } | { readonly parameter: string } }
  | { readonly reference: ReferenceKind; readonly fields: ReadonlyMap<string, Template>; readonly rest: JsonObject };

type ReferenceKind = 'fieldRef' | 'resourceFieldRef' | 'secretKeyRef' | 'configMapKeyRef';

export type VariableOperation<Value> =
  | { readonly kind: 'set'; readonly compare: 'exact' | 'guid'; readonly value: Value }
  | { readonly kind: 'force'; readonly value: Value }
  | {
      readonly kind: 'append' | 'prepend';
      readonly separator: string;
      /** What the list starts with where the variable is not set. */
      readonly absent: string | undefined;
      readonly value: Value;
    }
  | { readonly kind: 'merge'; readonly separator: string; readonly assignment: string; readonly value: Value };

export interface EnvironmentEntry {
  readonly name: string;
  /** The atomic set that the entry belongs to. */
  readonly group: string | undefined;
  readonly when: Condition | undefined;
  /** The variables that the value refers to, or may refer to. */
  readonly references: readonly string[];
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

/** The variables that parts of a value may refer to, by the name of the parameter or the variant. */
export function referencesBy({ parameters, variants }: Pick<Spec, 'parameters' | 'variants'>): ReferencesBy {
  return new Map([
    ...parameters.map((one) => [one.name, 'references' in one ? (one.references ?? []) : []] as const),
    ...variants.map(({ name, values }) => [name, Object.values(values).flatMap(referencesIn)] as const),
  ]);
}

export type ReferencesBy = ReadonlyMap<string, readonly string[]>;

export function parseEntry(entry: EnvironmentDocument, references: ReferencesBy): EnvironmentEntry {
  const operation = parseOperation(entry);
  return {
    name: entry.name,
    group: 'group' in entry ? entry.group : undefined,
    when: entry.when,
    references: variablesIn(operation.value, references),
    operation,
  };
}

function parseOperation(entry: EnvironmentDocument): VariableOperation<DeclaredValue> {
  if (entry.operation === 'merge') {
    const { separator, assignment } = entry;
    return { kind: 'merge', separator, assignment, value: parsePairs(entry) };
  }
  const value = parseValue(entry.value, 'valueFrom' in entry ? entry.valueFrom : undefined);
  switch (entry.operation) {
    case undefined:
    case 'set':
      return { kind: 'set', compare: entry.compare, value };
    case 'force':
      return { kind: 'force', value };
    case 'append':
    case 'prepend':
      return { kind: entry.operation, separator: entry.separator, absent: entry.absent, value };
  }
}

function parsePairs({
  value,
  annotations,
  parameter,
}: Extract<EnvironmentDocument, { operation: 'merge' }>): DeclaredValue {
  if (annotations !== undefined) return { pairs: { prefix: annotations } };
  return parameter === undefined ? { text: parseTemplate(value ?? '') } : { pairs: { parameter } };
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
  if ('pairs' in value) return [];
  return 'text' in value ? [value.text] : [...value.fields.values()];
}

/**
 * The variables that a value refers to, or may refer to: by the literal text, by a variant, which is a text of the profile too, or by a parameter that
 * may refer to some. All other values of parameters are escaped.
 */
function variablesIn(value: DeclaredValue, references: ReferencesBy): readonly string[] {
  if (!('text' in value)) return [];
  const literal = value.text.map((part) => (typeof part === 'string' ? part : ' ')).join('');
  const others = parametersOf(value.text).flatMap((name) => references.get(name) ?? []);
  return [...new Set([...referencesIn(literal), ...others])];
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
    for (const name of entry.references) {
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
  if (targets.length === 0) {
    const isLikeParameter = /^[a-z][a-z0-9-]*$/.test(name);
    return `refers to the variable $(${name}), which this profile does not set${isLikeParameter ? `; a parameter is \${${name}}` : ''}`;
  }
  const uncertain = targets.find(
    ({ when, operation: { value } }) => when || ('rest' in value && value.rest['optional'] === true),
  );
  return uncertain && `refers to $(${name}), which may be unset`;
}
