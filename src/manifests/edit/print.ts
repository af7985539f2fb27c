import { stringify } from 'yaml';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { escapeInYaml, printableJson } from '../../lib/printable.ts';
import { DIALECT } from '../yaml-dialect.ts';

/** Indentation of block collections under their key. A list may be level with its key, as kubectl prints it. */
export interface BlockStyle {
  readonly map: number;
  readonly list: number;
}

/** `step` is the indentation per level, for JSON over several lines only. */
export interface FlowStyle {
  readonly json: boolean;
  readonly step: string | undefined;
  readonly comma: string;
  readonly colon: string;
  readonly padding: string;
}

export type Entry = readonly [key: string, value: Json];

export type Quotes = 'single' | 'double' | undefined;

export function mapLines(entries: readonly Entry[], style: BlockStyle): readonly string[] {
  return entries.flatMap(([key, value]) => {
    const inner = blockLines(value, style);
    if (!inner) return `${scalarText(key)}: ${inlineText(value)}`;
    const indent = ' '.repeat(isObject(value) ? style.map : style.list);
    return [`${scalarText(key)}:`, ...inner.map((line) => indent + line)];
  });
}

export function listLines(values: readonly Json[], style: BlockStyle): readonly string[] {
  return values.flatMap((value) => {
    const [first, ...others] = blockLines(value, style) ?? [inlineText(value)];
    return [`- ${first}`, ...others.map((line) => `  ${line}`)];
  });
}

/** The lines of a value in block style; undefined for values written inline: scalars, and empty lists and maps. */
export function blockLines(value: Json, style: BlockStyle): readonly string[] | undefined {
  if (isObject(value)) {
    const entries = entriesOf(value);
    return entries.length > 0 ? mapLines(entries, style) : undefined;
  }
  return isList(value) && value.length > 0 ? listLines(value, style) : undefined;
}

export function inlineText(value: Json): string {
  return typeof value === 'object' && value !== null ? bracketText(value, YAML_FLOW) : scalarText(value);
}

/** A value in flow style. In JSON over several lines, all lines but the first begin with `lineStart`, a line break and indentation. */
export function flowText(value: Json, style: FlowStyle, lineStart: string): string {
  if (style.step === undefined || typeof value !== 'object') return bracketText(value, style);
  return printableJson(JSON.stringify(value, null, style.step)).replaceAll('\n', lineStart);
}

export function flowEntry([key, value]: Entry, style: FlowStyle, lineStart: string): string {
  return `${flowScalar(key, style)}${style.colon}${flowText(value, style, lineStart)}`;
}

/** A scalar on one line. A string that a YAML 1.1 or 1.2 parser would read as another type is quoted ("5000", "yes", "0755", "1:30"). */
function scalarText(value: null | boolean | number | string, quotes?: Quotes): string {
  if (typeof value === 'string' && NEEDS_ESCAPES.test(value)) return escaped(value);
  const text = stringify(value, {
    ...DIALECT,
    compat: 'yaml-1.1',
    lineWidth: 0,
    defaultStringType: quotes === undefined ? 'PLAIN' : quotes === 'single' ? 'QUOTE_SINGLE' : 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
  });
  return text.slice(0, -1);
}

/**
 * A string that replaces one with these quotes, and keeps them. A plain one stays plain if possible; otherwise it gets single quotes: authors
 * seldom write these, so `uninject` can recognize them.
 */
export function replacementText(value: string, quotes: Quotes, isFlow: boolean): string {
  if (NEEDS_ESCAPES.test(value)) return escaped(value);
  if (quotes !== undefined) return scalarText(value, quotes);
  const plain = scalarText(value);
  const isPlain = !/^["']/.test(plain) && !(isFlow && /[,[\]{}]/.test(plain));
  return isPlain ? plain : scalarText(value, 'single');
}

const YAML_FLOW: FlowStyle = { json: false, step: undefined, comma: ', ', colon: ': ', padding: '' };

/** Control and format characters, the line breaks of YAML 1.1, and workflow commands of CI jobs (lib/printable.ts). */
const NEEDS_ESCAPES = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{DI}]|#(?=#\w*\[)/u;

function escaped(value: string): string {
  return JSON.stringify(value).replaceAll(new RegExp(NEEDS_ESCAPES, 'gu'), escapeInYaml);
}

function entriesOf(object: JsonObject): readonly Entry[] {
  return Object.entries(object).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
}

/** Array.isArray does not narrow to a readonly array. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function bracketText(value: Json, style: FlowStyle): string {
  const flat = { ...style, step: undefined };
  if (isObject(value)) {
    const parts = entriesOf(value).map((entry) => flowEntry(entry, flat, ''));
    return parts.length === 0 ? '{}' : `{${style.padding}${parts.join(style.comma)}${style.padding}}`;
  }
  if (!isList(value)) return flowScalar(value, style);
  const parts = value.map((element) => bracketText(element, flat));
  return parts.length === 0 ? '[]' : `[${style.padding}${parts.join(style.comma)}${style.padding}]`;
}

/** Inside brackets, `,`, `:` and brackets have a meaning: all but the plainest words are quoted. */
function flowScalar(value: null | boolean | number | string, style: FlowStyle): string {
  if (style.json) return printableJson(JSON.stringify(value));
  const text = scalarText(value);
  return typeof value !== 'string' || /^["']/.test(text) || /^[\w./$()-]+$/.test(text) ? text : escaped(value);
}
