import type { Catalogue } from '../profiles/catalogue.ts';

// Reading 19 profiles takes a server as long as all else that it does before it answers. They are the same each time: the build reads them
// once, and the server finds the catalogue as text: JSON, and a mark for what JSON does not have.

const MAP = '$map';

const SET = '$set';

const UNDEFINED = '$undefined';

/** A catalogue as text. Throws an Error when there is something in it that could not be had back. */
export function freeze(catalogue: Catalogue): string {
  return JSON.stringify(marked(catalogue));
}

function marked(value: unknown): unknown {
  if (value === undefined) return { [UNDEFINED]: true };
  if (value instanceof Map) return { [MAP]: [...value].map(marked) };
  if (value instanceof Set) return { [SET]: [...value].map(marked) };
  if (Array.isArray(value)) return value.map(marked);
  if (value === null || isPlain(value)) return value;
  if (typeof value !== 'object') throw new Error(`a catalogue cannot be frozen with a ${typeof value} in it`);
  const entries = Object.entries(value);
  if (Object.getPrototypeOf(value) !== Object.prototype || entries.some(([key]) => key.startsWith('$')))
    throw new Error(`a catalogue cannot be frozen with ${value.constructor.name} {${Object.keys(value).join()}} in it`);
  return Object.fromEntries(entries.map(([key, one]) => [key, marked(one)]));
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

/** The catalogue that was frozen, down to the last field. */
export function restore(text: string): Catalogue {
  // What is thawed is what was frozen, and that was a catalogue.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return unmarked(JSON.parse(text)) as Catalogue;
}

/** Puts what the marks stand for in their places. At a server's start, so nothing is copied that can stay. */
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
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
