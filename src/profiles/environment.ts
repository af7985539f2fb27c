import type { Condition } from '../api/profile/condition.ts';
import type { EnvironmentDocument, ValueFrom } from '../api/profile/environment.ts';
import { variablesIn } from '../kubernetes/env-expansion.ts';
import type { JsonObject } from '../lib/json.ts';
import { parseTemplate, type Template } from './template.ts';

/** A value as a profile declares it: text with references to parameters, or a reference that the kubelet follows. */
export type DeclaredValue =
  | { readonly text: Template }
  | { readonly reference: ReferenceKind; readonly fields: ReadonlyMap<string, Template>; readonly rest: JsonObject };

type ReferenceKind = 'fieldRef' | 'resourceFieldRef' | 'secretKeyRef' | 'configMapKeyRef';

/** What an entry does to a variable. */
export type Operation<Value> =
  | { readonly kind: 'set'; readonly compare: 'exact' | 'guid'; readonly value: Value }
  | { readonly kind: 'force'; readonly value: Value }
  | { readonly kind: 'append' | 'prepend'; readonly separator: string; readonly value: Value }
  | { readonly kind: 'merge'; readonly separator: string; readonly assignment: string; readonly value: Value };

export interface EnvironmentEntry {
  readonly name: string;
  /** The atomic set that the entry belongs to. */
  readonly group: string | undefined;
  readonly when: Condition | undefined;
  readonly operation: Operation<DeclaredValue>;
}

/** What a profile may do to a value of the author: put another one in its place, or add to it. */
export type Change = 'replaces' | 'extends';

/** The variables that the entries may change, and how. A variable that is only set is none of them: its author's value stays. */
export function changesBy(entries: readonly EnvironmentEntry[]): ReadonlyMap<string, Change> {
  return new Map(
    entries.flatMap(({ name, operation: { kind } }): [string, Change][] =>
      kind === 'set' ? [] : [[name, kind === 'force' ? 'replaces' : 'extends']],
    ),
  );
}

/** Takes the templates of an entry apart. */
export function readEnvironment(entry: EnvironmentDocument): EnvironmentEntry {
  return {
    name: entry.name,
    group: 'group' in entry ? entry.group : undefined,
    when: entry.when,
    operation: readOperation(entry),
  };
}

function readOperation(entry: EnvironmentDocument): Operation<DeclaredValue> {
  const value = declared(entry.value, 'valueFrom' in entry ? entry.valueFrom : undefined);
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

function declared(value: string | undefined, from: ValueFrom | undefined): DeclaredValue {
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

/** The templates of a value, each to be checked for what it refers to. */
export function templatesOf(value: DeclaredValue): readonly Template[] {
  return 'text' in value ? [value.text] : [...value.fields.values()];
}

/** The variables that an entry's own text refers to. Values of parameters are escaped, so only literal text counts. */
function variablesOf(entry: EnvironmentEntry): readonly string[] {
  const { value } = entry.operation;
  return 'text' in value ? variablesIn(value.text.map((part) => (typeof part === 'string' ? part : ' ')).join('')) : [];
}

export type Ordered =
  | { readonly ok: true; readonly entries: readonly EnvironmentEntry[] }
  | { readonly ok: false; readonly index: number; readonly message: string };

/**
 * The entries so that each stands behind those that it refers to by `$(NAME)`; else as written. A ring, a name that the profile does not
 * define, and one that may be missing when the container starts are problems: the literal `$(NAME)` would reach the app.
 */
export function inOrder(entries: readonly EnvironmentEntry[]): Ordered {
  const done = new Set<EnvironmentEntry>();
  const ordered: EnvironmentEntry[] = [];
  const visit = (entry: EnvironmentEntry, behind: readonly EnvironmentEntry[]): string | undefined => {
    if (done.has(entry)) return undefined;
    if (behind.includes(entry)) return `refers to itself by ${[...behind, entry].map(({ name }) => name).join(' → ')}`;
    for (const name of variablesOf(entry)) {
      const used = entries.filter((one) => one.name === name);
      const problem =
        unfit(name, used) ?? used.map((one) => visit(one, [...behind, entry])).find((text) => text !== undefined);
      if (problem !== undefined) return problem;
    }
    done.add(entry);
    ordered.push(entry);
    return undefined;
  };
  for (const [index, entry] of entries.entries()) {
    const message = visit(entry, []);
    if (message !== undefined) return { ok: false, index, message };
  }
  return { ok: true, entries: ordered };
}

function unfit(name: string, used: readonly EnvironmentEntry[]): string | undefined {
  if (used.length === 0) return `refers to $(${name}), which this profile does not set`;
  const uncertain = used.find(
    ({ when, operation: { value } }) => when || ('rest' in value && value.rest['optional'] === true),
  );
  return uncertain && `refers to $(${name}), which may not be there`;
}
