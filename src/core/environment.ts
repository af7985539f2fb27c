import { z } from 'zod';
import { conditionSchema, type Condition } from './condition.ts';
import type { JsonObject } from './json.ts';
import { variablesIn } from './expansion.ts';
import { parseTemplate, type Template } from './template.ts';

/** What the API server takes in a variable's fieldRef (k8s.io/kubernetes core validation.go): another path would refuse the whole pod. */
const FIELD_PATH =
  /^(metadata\.(name|namespace|uid)|metadata\.(labels|annotations)\['(?:[a-z0-9][a-z0-9.-]*\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?'\]|spec\.(nodeName|serviceAccountName)|status\.(hostIP|podIP|podIPs))$/;

const RESOURCE = /^(limits|requests)\.(cpu|memory|ephemeral-storage)$/;

// A required reference to an object that is not there keeps the container from starting: ours are optional, always.
const keyRef = z.strictObject({
  name: z.string().min(1),
  key: z.string().min(1),
  optional: z
    .literal(true, 'a required reference could keep the pod from starting: leave it out or say true')
    .default(true),
});

const valueFromSchema = z.union([
  z.strictObject({
    fieldRef: z.strictObject({ fieldPath: z.string().regex(FIELD_PATH, 'is no field that a variable can refer to') }),
  }),
  z.strictObject({
    resourceFieldRef: z.strictObject({
      resource: z.string().regex(RESOURCE, 'must be limits. or requests. with cpu, memory or ephemeral-storage'),
      divisor: z.string().optional(),
    }),
  }),
  z.strictObject({ secretKeyRef: keyRef }),
  z.strictObject({ configMapKeyRef: keyRef }),
]);

const common = {
  name: z
    .string()
    .regex(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/, 'is no name of a variable')
    .describe('Of the variable.'),
  when: conditionSchema.optional().describe('Left out otherwise.'),
};
const group = z
  .string()
  .optional()
  .describe('Entries of one group go in whole or not at all; a value of theirs that differs is a conflict.');
const anyValue = {
  value: z.string().optional().describe('May refer to parameters and facts: ${parameter}.'),
  valueFrom: valueFromSchema.optional().describe('fieldRef, resourceFieldRef, secretKeyRef or configMapKeyRef.'),
};
const either = ({ value, valueFrom }: { value?: string | undefined; valueFrom?: unknown }): boolean =>
  (value === undefined) !== (valueFrom === undefined);
const EITHER = 'must have either value or valueFrom';
/** The same for the published JSON Schema, which cannot have functions. */
const eitherInJsonSchema = { oneOf: [{ required: ['value'] }, { required: ['valueFrom'] }] };
const listed = z.string().min(1).describe('May refer to parameters and facts: ${parameter}.');
const separator = z
  .string()
  .min(1)
  .max(4)
  .regex(/^[^$()]*$/, 'must not have $, ( or ) in it: the kubelet would read them together with the value')
  .describe('What stands between the words of the value.');

/** One entry of a profile's environment. */
export const environmentSchema = z.discriminatedUnion('operation', [
  z
    .strictObject({
      ...common,
      operation: z.literal('set').optional().describe('Sets the variable where its author did not. The default.'),
      ...anyValue,
      group,
      compare: z.enum(['exact', 'guid']).default('exact').describe('How a value that is there is compared with ours.'),
    })
    .refine(either, EITHER)
    .meta(eitherInJsonSchema),
  z
    .strictObject({
      ...common,
      operation: z.literal('force').describe("Sets the variable in the place of its author's value."),
      ...anyValue,
    })
    .refine(either, EITHER)
    .meta(eitherInJsonSchema),
  z.strictObject({
    ...common,
    operation: z.literal('append').describe("Adds to the end of its author's value, unless it is in there already."),
    value: listed,
    separator,
    group,
  }),
  z.strictObject({
    ...common,
    operation: z.literal('prepend').describe("Adds to the beginning of its author's value, unless it is in there."),
    value: listed,
    separator,
    group,
  }),
  z.strictObject({
    ...common,
    operation: z.literal('merge').describe("Adds those assignments whose names its author's value does not have."),
    value: listed,
    separator,
    assignment: separator.describe('What stands between a name and its value.'),
  }),
]);

type EnvironmentDocument = z.infer<typeof environmentSchema>;

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

function declared(value: string | undefined, from: z.infer<typeof valueFromSchema> | undefined): DeclaredValue {
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
