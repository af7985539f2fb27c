import type { Catalogue } from '../core/catalogue.ts';
import { isObject } from '../core/json.ts';

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
  if (typeof value !== 'object' || value === null) return scalar(value);
  const entries = Object.entries(value);
  if (Object.getPrototypeOf(value) !== Object.prototype || entries.some(([key]) => key.startsWith('$')))
    throw new Error(`a catalogue cannot be frozen with ${value.constructor.name} {${Object.keys(value).join()}} in it`);
  return Object.fromEntries(entries.map(([key, one]) => [key, marked(one)]));
}

function scalar(value: unknown): unknown {
  if (value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value)) return value;
  throw new Error(`a catalogue cannot be frozen with ${typeof value} ${String(value)} in it`);
}

/** The catalogue that was frozen, down to the last field. */
export function thaw(text: string): Catalogue {
  // What is thawed is what was frozen, and that was a catalogue.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return unmarked(JSON.parse(text)) as Catalogue;
}

function unmarked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unmarked);
  if (!isObject(value)) return value;
  const { [MAP]: map, [SET]: set } = value;
  if (Array.isArray(map)) return new Map(map.map((entry) => pairOf(unmarked(entry))));
  if (Array.isArray(set)) return new Set(set.map(unmarked));
  if (value[UNDEFINED] === true) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unmarked(one)]));
}

function pairOf(entry: unknown): [unknown, unknown] {
  return Array.isArray(entry) ? [entry[0], entry[1]] : [undefined, undefined];
}
