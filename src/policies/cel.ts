import type { Json } from '../lib/json.ts';

/** Text in the Common Expression Language, as API servers evaluate it in admission policies. */
export type Cel = string;

/** An expression within JSON. */
export class Expression {
  readonly cel: Cel;

  constructor(cel: Cel) {
    this.cel = cel;
  }
}

/** JSON of which some values are computed. */
export type ComputedJson =
  | Expression
  | string
  | number
  | boolean
  | readonly ComputedJson[]
  | { readonly [key: string]: ComputedJson };

/** A string literal. CEL knows every escape that JSON writes. */
export function quoted(text: string): Cel {
  return JSON.stringify(text);
}

export function quotedList(texts: readonly string[]): Cel {
  return `[${texts.map(quoted).join(', ')}]`;
}

/** A literal of lists and maps. Members of one literal must have one type (cel.HomogeneousAggregateLiterals), so each is made dynamic. */
export function literal(value: ComputedJson): Cel {
  return `dyn(${bare(value)})`;
}

function bare(value: ComputedJson): Cel {
  if (value instanceof Expression) return value.cel;
  if (typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(literal).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, member]) => `${quoted(key)}: ${literal(member)}`)
    .join(', ')}}`;
}

function isList(value: object): value is readonly ComputedJson[] {
  return Array.isArray(value);
}

/** JSON that has nothing to compute. Null has no place in what a pod gets. */
export function constant(value: Json): ComputedJson {
  if (value === null) return '';
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((one: Json) => constant(one));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => (one === undefined ? [] : [[key, constant(one)]])),
  );
}

/** The value of the first condition that holds. */
export function firstOf(cases: readonly (readonly [condition: Cel, value: Cel])[], otherwise: Cel): Cel {
  return cases.reduceRight((rest, [condition, value]) => `(${condition}) ? (${value}) : (${rest})`, otherwise);
}

export function anyOf(conditions: readonly Cel[]): Cel {
  return conditions.length === 0 ? 'false' : conditions.map((one) => `(${one})`).join(' || ');
}

export function allOf(conditions: readonly Cel[]): Cel {
  return conditions.length === 0 ? 'true' : conditions.map((one) => `(${one})`).join(' && ');
}

export function joined(lists: readonly Cel[], empty: Cel = '[]'): Cel {
  return lists.length === 0 ? empty : lists.map((one) => `(${one})`).join(' + ');
}

/** A list that is empty unless the condition holds. */
export function listIf(condition: Cel, element: Cel): Cel {
  return condition === 'true' ? `[${element}]` : `(${condition}) ? [${element}] : []`;
}

/** A list for each app container, in which `i` is the index and `c` the container. */
export function perContainer(expression: Cel): Cel {
  return `object.spec.containers.transformList(i, c, ${expression})`;
}

/** An optional field, as a path such as `object.spec.os.name`. */
export function field(owner: Cel, ...path: readonly string[]): { readonly exists: Cel; readonly value: Cel } {
  const steps = path.map((_, index) => `has(${[owner, ...path.slice(0, index + 1)].join('.')})`);
  return { exists: steps.join(' && '), value: [owner, ...path].join('.') };
}

/** True if the boolean field is there, and true. */
export function isTrue(owner: Cel, ...path: readonly string[]): Cel {
  const { exists, value } = field(owner, ...path);
  return `${exists} && ${value} == true`;
}

const SPECIAL = /[.+^$()[\]{}|\\]/g;

/** Whether the text matches a glob. RE2 has no limit of time, and `.` is any character with (?s). */
export function matchesGlobOf(glob: string, text: Cel): Cel {
  if (!/[*?]/.test(glob)) return `${text} == ${quoted(glob)}`;
  return `${text}.matches(${quoted(`(?s)^${globPattern(glob)}$`)})`;
}

function globPattern(glob: string): string {
  return glob
    .replaceAll(SPECIAL, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
}

/** The pattern of a glob that is known only to the policy. */
export function globPatternOf(glob: Cel): Cel {
  const escaped = String.raw`\.+^$()[]{}|`
    .split('')
    .reduce((text, one) => `${text}.replace(${quoted(one)}, ${quoted(`\\${one}`)})`, glob);
  return `"(?s)^" + ${escaped}.replace("*", ".*").replace("?", ".") + "$"`;
}

/** Comma-separated words, without empty ones. */
export function splitText(text: Cel): Cel {
  return `${text}.split(",").map(w, w.trim()).filter(w, w != "")`;
}

/** What JavaScript takes for blank, and RE2 does not know as a class. */
export const BLANK = String.raw`\t\n\x0b\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`;
