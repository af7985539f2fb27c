import { hasOwn, isObject, type Json, type JsonObject } from '../lib/json.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import type { Problem } from './problem.ts';

/** A document laid over another one: what comes out, and what in it makes no sense. */
export interface Merged {
  readonly document: JsonObject;
  readonly problems: readonly Problem[];
}

/** By what a thing in a list is known; undefined where it has no such field. */
type KeyOf = (item: JsonObject) => string | undefined;

const by =
  (...fields: readonly string[]): KeyOf =>
  (item) =>
    fields.map((field) => item[field]).find((value) => typeof value === 'string');

/** A variable may be added to at both ends, by an entry each; all else that is done to it is one entry. */
const byVariable: KeyOf = (item) => {
  const { name, operation } = item;
  if (typeof name !== 'string') return undefined;
  return operation === 'append' || operation === 'prepend' ? `${name} (${operation})` : name;
};

/** The lists of a spec whose things have names. All other lists are values: who writes one writes it whole. */
const namedLists: Readonly<Record<string, KeyOf>> = {
  parameters: by('name'),
  variants: by('name'),
  deliveries: by('name', 'type'),
  mounts: by('path'),
  writable: by('path'),
  files: by('path'),
  advisories: by('code'),
  conflicts: by('code'),
  environment: byVariable,
};

/** The field that takes a named thing out of an inherited list. */
const REMOVE = 'remove';

/**
 * A profile's document laid over the one that it extends, both as written: objects are merged, named things by their names, all other values
 * replaced; `null` takes a field away, `remove: true` a named thing. Tests speak of one profile and are not inherited. Neither document is
 * changed, and neither needs to be a sound profile: what comes out is to be read like any other.
 */
export function mergeOver(base: JsonObject, own: JsonObject): Merged {
  const { tests: _tests, extends: _extends, ...inherited } = specOf(base);
  const { tests, ...spec } = specOf(own);
  const problems: Problem[] = [];
  const laid = mergedObject(inherited, spec, (name, list) => {
    const keyOf = hasOwn(namedLists, name) ? namedLists[name] : undefined;
    if (!keyOf) return undefined;
    const below = inherited[name];
    const { items, unknown } = mergedList(Array.isArray(below) ? below : [], list, keyOf);
    problems.push(...unknown.map(([index, message]) => ({ path: ['spec', name, index, REMOVE], message })));
    return items;
  });
  return { document: { ...own, spec: { ...laid, ...(tests !== undefined && { tests }) } }, problems };
}

/** The name of the profile that a document extends, if it does. */
export function baseOf(document: unknown): string | undefined {
  const base = isObject(document) ? specOf(document)['extends'] : undefined;
  return typeof base === 'string' ? base : undefined;
}

/** The name that a document gives itself, if it does. */
export function nameOf(document: unknown): string | undefined {
  const metadata = isObject(document) ? document['metadata'] : undefined;
  const name = isObject(metadata) ? metadata['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

/**
 * A path in the document that came out, as a path in the one that was laid over: as far as that one goes. There its author finds what is
 * wrong, whatever stands before it in an inherited list.
 */
export function pathInOwn(own: JsonObject, laid: JsonObject, path: readonly PropertyKey[]): readonly PropertyKey[] {
  let [here, there]: [Json | undefined, Json | undefined] = [own, laid];
  const found: PropertyKey[] = [];
  for (const [depth, step] of path.entries()) {
    const list = path[depth - 1];
    const keyOf = depth === 2 && typeof list === 'string' && hasOwn(namedLists, list) ? namedLists[list] : undefined;
    const below: Json | undefined = at(there, step);
    const taken: PropertyKey | undefined = keyOf ? indexIn(here, below, keyOf) : step;
    const next: Json | undefined = taken === undefined ? undefined : at(here, taken);
    if (next === undefined || taken === undefined) break;
    found.push(taken);
    [here, there] = [next, below];
  }
  return found;
}

function specOf({ spec }: JsonObject): JsonObject {
  return isObject(spec) ? spec : {};
}

function at(value: Json | undefined, step: PropertyKey): Json | undefined {
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
  return isObject(value) && typeof step === 'string' && hasOwn(value, step) ? value[step] : undefined;
}

function indexIn(list: Json | undefined, item: Json | undefined, keyOf: KeyOf): number | undefined {
  if (!Array.isArray(list) || !isObject(item)) return undefined;
  const key = keyOf(item);
  const index = list.findIndex((one: Json) => isObject(one) && keyOf(one) === key);
  return index < 0 ? undefined : index;
}

/** What a list at this name becomes; undefined: just what is written. */
type MergeList = (name: string, list: readonly Json[]) => readonly Json[] | undefined;

function mergedObject(base: JsonObject, own: JsonObject, mergeList: MergeList = () => undefined): JsonObject {
  const fields = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(own)) {
    if (value === null || value === undefined) fields.delete(name);
    else if (Array.isArray(value)) fields.set(name, mergeList(name, value) ?? value);
    else fields.set(name, isObject(value) ? mergedObject(objectIn(base, name), value) : value);
  }
  return Object.fromEntries(fields);
}

function objectIn(base: JsonObject, name: string): JsonObject {
  const value = hasOwn(base, name) ? base[name] : undefined;
  return isObject(value) ? value : {};
}

interface MergedList {
  readonly items: readonly Json[];
  /** Which entries would remove what is not there. */
  readonly unknown: readonly (readonly [index: number, message: string])[];
}

/** Inherited things keep their places; new ones come behind them. The second of one name meets the second of that name. */
function mergedList(base: readonly Json[], own: readonly Json[], keyOf: KeyOf): MergedList {
  const nameOfItem = (item: Json | undefined): string | undefined => (isObject(item) ? keyOf(item) : undefined);
  const free = base.map(nameOfItem);
  const names = free.filter((name) => name !== undefined);
  const items: (Json | undefined)[] = [...base];
  const unknown: (readonly [number, string])[] = [];
  for (const [index, item] of own.entries()) {
    const name = nameOfItem(item);
    const place = name === undefined ? -1 : free.indexOf(name);
    if (place >= 0) free[place] = undefined;
    if (!isObject(item) || item[REMOVE] !== true)
      items[place < 0 ? items.length : place] = laidItem(items[place], item);
    else if (place >= 0) items[place] = undefined;
    else unknown.push([index, nothingCalled(name, names)]);
  }
  return { items: items.filter((item) => item !== undefined), unknown };
}

function laidItem(base: Json | undefined, own: Json): Json {
  return isObject(own) ? mergedObject(isObject(base) ? base : {}, own) : own;
}

function nothingCalled(key: string | undefined, names: readonly string[]): string {
  if (key === undefined) return 'says not what is to be removed';
  return `there is no "${key}" to remove${didYouMean(nearest(key, names))}`;
}
