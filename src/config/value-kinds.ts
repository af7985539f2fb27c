import { isLevel, type Level, LEVELS } from '../api/keys.ts';
import { isDnsLabel, isObjectName } from '../kubernetes/names.ts';
import { parseVersion } from '../kubernetes/version.ts';
import { splitList } from '../lib/text.ts';

// No schema library here: every start of a server evaluates this module, and zod only if a directory of profiles is given (docs/performance.md).

export type RawValue = string | number | boolean;

export interface ValueKind<Value> {
  readonly placeholder: string;
  /** The value of a flag that is given without one. */
  readonly preset?: string;
  /** Completes the sentence "must be …". */
  readonly expected: string;
  readonly parse: (raw: RawValue) => Value | undefined;
}

export function text(
  placeholder: string,
  expected: string,
  isValid = (value: string) => value !== '',
): ValueKind<string> {
  return { placeholder, expected, parse: (raw) => (typeof raw === 'string' && isValid(raw) ? raw : undefined) };
}

export function integer(min: number, max: number, expected: string): ValueKind<number> {
  const parse = (raw: RawValue): number | undefined => {
    const value = typeof raw === 'string' && /^\d{1,9}$/.test(raw) ? Number(raw) : raw;
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max ? value : undefined;
  };
  return { placeholder: 'NUMBER', expected, parse };
}

export function oneOf<Value extends string>(placeholder: string, values: readonly Value[]): ValueKind<Value> {
  const expected = `${values.slice(0, -1).join(', ')} or ${values.at(-1) ?? ''}`;
  return { placeholder, expected, parse: (raw) => values.find((value) => value === raw) };
}

export function subset(placeholder: string, expected: string, words: readonly string[]): ValueKind<string> {
  const isWord = (word: string): boolean => words.includes(word);
  return text(placeholder, expected, (value) => value === 'none' || value.split(',').every(isWord));
}

/** Comma-separated words, without spaces around them. */
export function list(placeholder: string, expected: string, isWord: RegExp): ValueKind<readonly string[]> {
  const parse = (raw: RawValue): readonly string[] | undefined => {
    const words = typeof raw === 'string' ? splitList(raw) : [];
    return words.length > 0 && words.every((word) => isWord.test(word)) ? words : undefined;
  };
  return { placeholder, expected, parse };
}

/** `NAME=LEVEL|LEVEL,NAME=LEVEL`, each name once. */
export function levels(names: readonly string[]): ValueKind<ReadonlyMap<string, readonly Level[]>> {
  const parse = (raw: RawValue): ReadonlyMap<string, readonly Level[]> | undefined => {
    const entries = typeof raw === 'string' ? splitList(raw).map(levelsEntry) : [];
    const found = new Map(entries.flatMap((entry) => (entry && names.includes(entry[0]) ? [entry] : [])));
    return found.size > 0 && found.size === entries.length ? found : undefined;
  };
  const expected = `NAME=LEVEL|LEVEL, comma-separated, each name once; names: ${names.join(', ')}; levels: ${LEVELS.join(', ')}`;
  return { placeholder: 'NAME=LEVELS', expected, parse };
}

function levelsEntry(entry: string): readonly [name: string, levels: readonly Level[]] | undefined {
  const [name = '', given = '', ...rest] = entry.split('=').map((part) => part.trim());
  const found = given.split('|').map((level) => level.trim());
  return rest.length === 0 && found.every(isLevel) ? [name, found] : undefined;
}

export const FILE = text('FILE', 'a file');

export const DIRECTORY = text('DIR', 'a directory');

export const BOOLEAN: ValueKind<boolean> = {
  placeholder: 'true|false',
  preset: 'true',
  expected: 'true or false',
  parse: (raw) => ({ true: true, false: false })[String(raw)],
};

export const PORT = integer(0, 65_535, 'a port from 0 to 65535 (0: any free port)');

export const KUBERNETES_VERSION = text(
  'VERSION',
  'a version such as 1.36 (quoted in a configuration file)',
  (value) => parseVersion(value) !== undefined,
);

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export const SECRET = text('NAMESPACE/NAME', 'NAMESPACE/NAME', (value) => {
  const [namespace = '', name = '', ...rest] = value.split('/');
  return isDnsLabel(namespace) && isObjectName(name) && rest.length === 0;
});

export const SERVICE = text('NAME.NAMESPACE', 'NAME.NAMESPACE', (value) => {
  const labels = value.split('.');
  return labels.length === 2 && labels.every(isDnsLabel);
});

/** An address without a path. */
export const ORIGIN = text('URL', 'https://HOST or https://HOST:PORT', isOrigin);

export const LIFETIME = text('DURATION', 'a duration in s, m, h or d, such as 7d', isDuration);

/** Longest interval: setTimeout overflows at 2^31 ms, some 24 days. */
const MAX_INTERVAL_MS = 7 * 86_400_000;

export const INTERVAL: ValueKind<string> = {
  placeholder: 'DURATION',
  expected: '0 (never) or a duration in s, m, h or d of at most 7d, such as 10m',
  parse: (raw) => {
    const value = String(raw);
    return value === '0' || (isDuration(value) && millisecondsOf(value) <= MAX_INTERVAL_MS) ? value : undefined;
  },
};

function isOrigin(value: string): boolean {
  return value.startsWith('https://') && URL.canParse(value) && new URL(value).href === `${new URL(value).origin}/`;
}

function isDuration(value: string): boolean {
  return /^[1-9]\d{0,5}[smhd]$/.test(value);
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Converts a valid duration to ms: `7d`; `0` is 0. */
export function millisecondsOf(duration: string): number {
  if (duration === '0') return 0;
  return Number.parseInt(duration, 10) * (UNITS[duration.at(-1) ?? ''] ?? Number.NaN);
}
