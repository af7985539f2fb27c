import { isRecord } from '../lib/json.ts';
import type { Catalogue } from '../profiles/catalogue.ts';

// Parsing the built-in profiles would double the start time of a server. They do not change, so the build parses them, and the bundle contains
// the catalogue as JSON, with marks for values that JSON does not have.

const MAP = '$map';

const SET = '$set';

const UNDEFINED = '$undefined';

/** Throws an Error for values that cannot be restored. */
export function freeze(catalogue: Catalogue): string {
  return JSON.stringify(marked(catalogue));
}

function marked(value: unknown): unknown {
  if (value === undefined) return { [UNDEFINED]: true };
  if (value instanceof Map) return { [MAP]: [...value].map(marked) };
  if (value instanceof Set) return { [SET]: [...value].map(marked) };
  if (Array.isArray(value)) return value.map(marked);
  if (value === null || isPlain(value)) return value;
  if (typeof value !== 'object') throw new Error(`a catalogue with a ${typeof value} cannot be frozen`);
  const entries = Object.entries(value);
  if (Object.getPrototypeOf(value) !== Object.prototype || entries.some(([key]) => key.startsWith('$')))
    throw new Error(`a catalogue with ${value.constructor.name} {${Object.keys(value).join()}} cannot be frozen`);
  return Object.fromEntries(entries.map(([key, one]) => [key, marked(one)]));
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

export function restore(text: string): Catalogue {
  // The text comes from `freeze`.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return unmarked(JSON.parse(text)) as Catalogue;
}

/** Replaces the marks in place: this runs at every start, so nothing is copied without need. */
function unmarked(value: unknown): unknown {
  if (Array.isArray(value)) {
    for (const [index, one] of value.entries()) if (typeof one === 'object') value[index] = unmarked(one);
    return value;
  }
  if (!isRecord(value)) return value;
  for (const key in value) {
    const one = value[key];
    if (typeof one !== 'object') continue;
    if (key === MAP) return new Map(pairsOf(unmarked(one)));
    if (key === SET) return new Set(listOf(unmarked(one)));
    value[key] = unmarked(one);
  }
  return value[UNDEFINED] === true ? undefined : value;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function pairsOf(value: unknown): readonly [unknown, unknown][] {
  return listOf(value).map((pair) => {
    const [key, one] = listOf(pair);
    return [key, one];
  });
}
