import type * as z from 'zod';
import { isObject } from '../lib/json.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import type { Problem } from './problem.ts';

type Raw = z.core.$ZodRawIssue;

type Issue = z.core.$ZodIssue;

export type ReadDocument<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads a document by a schema. What is wrong comes out as problems for people: one per unknown key, with the key that was meant; of a choice
 * the one that was meant, not each that it is not; and of each what must be there instead.
 */
export function readDocument<Value>(schema: z.ZodType<Value>, document: unknown): ReadDocument<Value> {
  const known: Known = { keys: new Map(), meant: new Map() };
  const parsed = schema.safeParse(document, { error: (issue) => messageOf(issue, known) });
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, known)) };
}

/** What the schema knows when it makes an issue, and an issue does not carry: by a list that it does carry. */
interface Known {
  /** From the unknown keys of an object to those that it may have. */
  readonly keys: Map<readonly string[], readonly string[]>;
  /** From what is wrong by each option of a union to what is wrong by the one that was meant. */
  readonly meant: Map<readonly (readonly Issue[])[], readonly Issue[]>;
}

function problemsOf(issue: Issue, known: Known): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const keys = known.keys.get(issue.keys) ?? [];
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: unknownKey(key, keys), at: 'key' }));
  }
  const meant = issue.code === 'invalid_union' && 'errors' in issue ? known.meant.get(issue.errors) : undefined;
  if (!meant) return [{ path: issue.path, message: issue.message }];
  return meant
    .flatMap((one) => problemsOf(one, known))
    .map((problem) => ({ ...problem, path: [...issue.path, ...problem.path] }));
}

function unknownKey(key: string, keys: readonly string[]): string {
  const meant = nearest(key, keys);
  return `is no known key here${meant === undefined ? `; there are ${keys.join(', ')}` : didYouMean(meant)}`;
}

/** The sentence for an issue; undefined where the schema's own is good. */
function messageOf(issue: Raw, known: Known): string | undefined {
  if (issue.code === 'invalid_union') return unionMessage(issue, known);
  if (issue.code === 'unrecognized_keys') known.keys.set(issue.keys, keysOf(issue.inst));
  if (issue.code === 'invalid_type') return typeMessage(issue.expected, issue.input);
  if (issue.code === 'invalid_value') return oneOf(issue.values, issue.input);
  if (issue.code === 'too_small' || issue.code === 'too_big') return sizeMessage(issue);
  return issue.code === 'invalid_format' && issue.format === 'url' ? 'must be a URL' : undefined;
}

/** What a part of a document is called, by its type in the schema's language. */
const nouns: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'an integer',
  int: 'an integer',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

function nounOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return 'a number';
  return nouns[value === null ? 'null' : typeof value] ?? typeof value;
}

function typeMessage(expected: string, input: unknown): string {
  const noun = nouns[expected] ?? expected;
  if (input === undefined || input === null) return `${absence(input)}; it must be ${noun}`;
  if (expected === 'string' && (typeof input === 'number' || typeof input === 'boolean'))
    return `must be a string${inQuotes(input)}`;
  if (typeof input === 'string' && isUnquoted(expected, input)) return `must be ${noun}: write it without quotes`;
  return `must be ${noun}, not ${nounOf(input)}`;
}

function inQuotes(value: number | boolean): string {
  return `: write "${String(value)}" in quotes`;
}

function absence(input: undefined | null): string {
  return input === null ? 'is empty' : 'is missing';
}

function isUnquoted(expected: string, text: string): boolean {
  if (expected === 'boolean') return text === 'true' || text === 'false';
  return (expected === 'number' || expected === 'int') && /^-?\d+$/.test(text);
}

function oneOf(values: readonly unknown[], input: unknown): string {
  const words = values.filter((value) => value !== undefined).map(String);
  const [only, ...others] = words;
  const must = others.length === 0 ? `must be ${JSON.stringify(only)}` : `must be one of ${words.join(', ')}`;
  if (input === undefined || input === null) return `${absence(input)}; it ${must}`;
  return typeof input === 'string' && others.length > 0 ? must + didYouMean(nearest(input, words)) : must;
}

type RawUnion = Extract<Raw, { code: 'invalid_union' }>;

function unionMessage(issue: RawUnion, known: Known): string | undefined {
  const { input, inst, discriminator } = issue;
  if (typeof discriminator === 'string') {
    const values: readonly unknown[] = Array.isArray(issue['options']) ? issue['options'] : [];
    return oneOf(values, isObject(input) ? input[discriminator] : undefined);
  }
  const errors = 'errors' in issue ? issue.errors : [];
  const options = optionsOf(inst);
  const meant = meantBy(input, options, errors);
  if (meant) known.meant.set(errors, meant);
  const keys = options.flatMap(keysOf);
  if (!isObject(input) || keys.length === 0) return typesMessage(options, input);
  const written = Object.keys(input)[0] ?? '';
  return `must have one of ${keys.join(', ')}${didYouMean(nearest(written, keys))}`;
}

function typesMessage(options: readonly unknown[], input: unknown): string {
  const nounsOf = new Set(options.map(expectationOf));
  const text = [...nounsOf].join(' or ');
  const isBare = (typeof input === 'number' || typeof input === 'boolean') && nounsOf.has('a string');
  if (isBare) return `must be ${text}${inQuotes(input)}`;
  return input === undefined || input === null ? `${absence(input)}; it must be ${text}` : `must be ${text}`;
}

/**
 * What is wrong by the option that was meant: the one whose type it has, and of several objects the one that knows most of its keys.
 * Undefined where none has the type, or none knows a key.
 */
function meantBy(
  input: unknown,
  options: readonly unknown[],
  errors: readonly (readonly Issue[])[],
): readonly Issue[] | undefined {
  const written = isObject(input) ? Object.keys(input) : [];
  const fitting = errors
    .map((issues, index) => ({ issues, known: written.filter((key) => keysOf(options[index]).includes(key)).length }))
    .filter(({ issues, known }) => (isObject(input) ? known > 0 : issues.every(isInside)))
    .toSorted((one, other) => other.known - one.known || one.issues.length - other.issues.length);
  return fitting[0]?.issues;
}

/** Whether the issue is not about the type of the thing itself. */
function isInside({ path, code }: Issue): boolean {
  return path.length > 0 || (code !== 'invalid_type' && code !== 'invalid_value');
}

function sizeMessage(issue: Extract<Raw, { code: 'too_small' | 'too_big' }>): string {
  const isList = issue.origin === 'array';
  if (issue.code === 'too_big') {
    const most = String(issue.maximum);
    return issue.origin === 'string' ? `must have at most ${most} characters` : `must be at most ${most}`;
  }
  if (isList) return 'must have at least one entry';
  return issue.origin === 'string' ? 'must not be empty' : `must be at least ${String(issue.minimum)}`;
}

/** What a schema is made of, as far as it is looked at here. Zod hands it out with an issue, without its type. */
function definitionOf(schema: unknown): Readonly<Record<string, unknown>> {
  const internals = isRecord(schema) ? schema['_zod'] : undefined;
  const definition = isRecord(internals) ? internals['def'] : undefined;
  return isRecord(definition) ? definition : {};
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function optionsOf(schema: unknown): readonly unknown[] {
  const { options } = definitionOf(schema);
  return Array.isArray(options) ? options : [];
}

function keysOf(schema: unknown): readonly string[] {
  const { shape } = definitionOf(schema);
  return isRecord(shape) ? Object.keys(shape) : [];
}

function expectationOf(schema: unknown): string {
  const { type, entries } = definitionOf(schema);
  if (isRecord(entries)) return Object.values(entries).map(String).join(' or ');
  return nouns[String(type)] ?? String(type);
}
