import type * as z from 'zod';
import { isObject, isRecord } from '../lib/json.ts';
import type { Result } from '../lib/result.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import type { Problem } from './problem.ts';

type Raw = z.core.$ZodRawIssue;

type Issue = z.core.$ZodIssue;

/**
 * Parses a document, and words the schema's errors for people: one problem per unknown field, with the field that was probably meant; for a
 * union only the errors of the option that was probably meant; for each error the values that are allowed.
 */
export function parseWithSchema<Value>(schema: z.ZodType<Value>, document: unknown): Result<Value, readonly Problem[]> {
  const known: Known = { keys: new Map(), meant: new Map() };
  const parsed = schema.safeParse(document, { error: (issue) => messageOf(issue, known) });
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, error: parsed.error.issues.flatMap((issue) => problemsOf(issue, known)) };
}

/** Facts that the schema has when it makes an issue, and that the issue does not carry. The map keys are arrays that the issue carries. */
interface Known {
  readonly keys: Map<readonly string[], readonly string[]>;
  readonly meant: Map<readonly (readonly Issue[])[], readonly Issue[]>;
}

function problemsOf(issue: Issue, known: Known): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const keys = known.keys.get(issue.keys) ?? [];
    return issue.keys.map((key) => {
      const meant = nearest(key, keys);
      return {
        path: [...issue.path, key],
        message: unknownKey(key, keys),
        at: 'key',
        ...(meant !== undefined && { meant }),
      };
    });
  }
  const meant = issue.code === 'invalid_union' && 'errors' in issue ? known.meant.get(issue.errors) : undefined;
  if (!meant) return [{ path: issue.path, message: issue.message }];
  return meant
    .flatMap((one) => problemsOf(one, known))
    .map((problem) => ({ ...problem, path: [...issue.path, ...problem.path] }));
}

/** What injectors of other kinds add, which is not left out by mistake. */
const NEVER_FIELDS: ReadonlySet<string> = new Set(['sidecar', 'sidecars', 'shareProcessNamespace', 'hostPID']);

function unknownKey(key: string, keys: readonly string[]): string {
  if (NEVER_FIELDS.has(key))
    return 'unknown field: a profile adds files and variables to the containers of a pod; it adds no sidecar, and changes no command and no other field of the pod';
  const similar = nearest(key, keys);
  return `unknown field${similar === undefined ? `; the fields here are ${keys.join(', ')}` : didYouMean(similar)}`;
}

/** Undefined keeps the schema's own message. */
function messageOf(issue: Raw, known: Known): string | undefined {
  if (issue.code === 'invalid_union') return unionMessage(issue, known);
  if (issue.code === 'unrecognized_keys') known.keys.set(issue.keys, keysOf(issue.inst));
  if (issue.code === 'invalid_type') return typeMessage(issue.expected, issue.input);
  if (issue.code === 'invalid_value') return oneOf(issue.values, issue.input);
  if (issue.code === 'too_small' || issue.code === 'too_big') return sizeMessage(issue);
  return issue.code === 'invalid_format' && issue.format === 'url' ? 'must be a URL' : undefined;
}

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
  const fields = keys.length === 1 ? 'the field' : 'one of the fields';
  return `must have ${fields} ${keys.join(', ')}${didYouMean(nearest(written, keys))}`;
}

function typesMessage(options: readonly unknown[], input: unknown): string {
  const nounsOf = new Set(options.map(expectationOf));
  const text = [...nounsOf].join(' or ');
  const isBare = (typeof input === 'number' || typeof input === 'boolean') && nounsOf.has('a string');
  if (isBare) return `must be ${text}${inQuotes(input)}`;
  return input === undefined || input === null ? `${absence(input)}; it must be ${text}` : `must be ${text}`;
}

/**
 * The errors of the option that was probably meant: the one of the value's type, and among several objects the one with most of its fields.
 * Undefined if no option has the type, or any of the fields.
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

/** Zod passes the schema with an issue, but without its type. */
function definitionOf(schema: unknown): Readonly<Record<string, unknown>> {
  const internals = isRecord(schema) ? schema['_zod'] : undefined;
  const definition = isRecord(internals) ? internals['def'] : undefined;
  return isRecord(definition) ? definition : {};
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
