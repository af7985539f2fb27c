import { deliveryKinds } from '../api/delivery-kinds.ts';
import { isObject, type Json, type JsonObject, objectIn } from '../lib/json.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import type { Problem, ProfileProblem, ProfileSource } from './problem.ts';
import { isSameVariable, mergeVariables } from './variables/inherited.ts';

export interface Merged {
  readonly document: JsonObject;
  readonly problems: readonly Problem[];
}

type KeyOf = (item: JsonObject) => string | undefined;

const by =
  (field: string): KeyOf =>
  (item) => {
    const { [field]: value } = item;
    return typeof value === 'string' ? value : undefined;
  };

/** A delivery without a name has that of its kind. */
const deliveryKey: KeyOf = (item) =>
  typeof item['name'] === 'string' ? item['name'] : deliveryKinds.find((kind) => item[kind] !== undefined);

/** The lists of a spec that are merged item by item, besides the environment. All other lists are replaced as a whole. */
const namedLists: Readonly<Record<string, KeyOf>> = {
  parameters: by('name'),
  variants: by('name'),
  deliveries: deliveryKey,
  mounts: by('path'),
  writablePaths: by('path'),
  files: by('path'),
  objects: by('path'),
  advisories: by('code'),
  conflicts: by('code'),
};

const ENVIRONMENT = 'environment';

const REMOVE = 'remove';

/**
 * Merges a profile's document over the one that it extends, both as written: objects are merged, named items by their names, all other values
 * replaced; what is added to a variable adds to what is inherited; `null` removes a field, `remove: true` a named item. Tests are not inherited, because they test one profile. Neither document is
 * changed, and neither has to be valid: the result is validated like any other.
 */
export function mergeDocuments(base: JsonObject, own: JsonObject): Merged {
  const { tests: _tests, extends: _extends, ...inherited } = specOf(base);
  const { tests, ...spec } = specOf(own);
  const problems: Problem[] = [];
  const merged = mergeObjects(inherited, spec, (name, list) => {
    const baseList = inherited[name];
    const before = Array.isArray(baseList) ? baseList : [];
    if (name === ENVIRONMENT) {
      const variables = mergeVariables(before, list, mergeItem);
      for (const { index, field, message } of variables.problems)
        problems.push({ path: ['spec', name, index, field], message });
      return variables.items;
    }
    const keyOf = Object.hasOwn(namedLists, name) ? namedLists[name] : undefined;
    if (!keyOf) return undefined;
    const { items, unknown } = mergeLists(before, list, keyOf);
    problems.push(...unknown.map(([index, message]) => ({ path: ['spec', name, index, REMOVE], message })));
    return items;
  });
  return { document: { ...own, spec: { ...merged, ...(tests !== undefined && { tests }) } }, problems };
}

export function baseNameOf(document: unknown): string | undefined {
  const base = isObject(document) ? specOf(document)['extends'] : undefined;
  return typeof base === 'string' ? base : undefined;
}

/**
 * Converts a path in a merged document to a path in the source, whose lists have no inherited items. The result ends where the source ends:
 * there its author finds the error.
 */
export function pathInSource(
  source: JsonObject,
  merged: JsonObject,
  path: readonly PropertyKey[],
): readonly PropertyKey[] {
  let [inSource, inMerged]: [Json | undefined, Json | undefined] = [source, merged];
  const found: PropertyKey[] = [];
  for (const [depth, step] of path.entries()) {
    const list = path[depth - 1];
    const isSame = depth === 2 && typeof list === 'string' ? comparisonFor(list) : undefined;
    const nextInMerged: Json | undefined = at(inMerged, step);
    const sourceStep: PropertyKey | undefined = isSame ? indexIn(inSource, nextInMerged, isSame) : step;
    const nextInSource: Json | undefined = sourceStep === undefined ? undefined : at(inSource, sourceStep);
    if (nextInSource === undefined || sourceStep === undefined) break;
    found.push(sourceStep);
    [inSource, inMerged] = [nextInSource, nextInMerged];
  }
  return found;
}

/** Problems of a profile, located in its source. `whole` is the document with everything that it inherits. */
export function problemsInSource<Found extends Problem>(
  source: ProfileSource,
  problems: readonly Found[],
  whole?: JsonObject,
): readonly (Found & ProfileProblem)[] {
  const { document } = source;
  return problems.map((problem) => ({
    ...problem,
    source,
    sourcePath: isObject(document) ? pathInSource(document, whole ?? document, problem.path) : [],
  }));
}

function specOf(document: JsonObject): JsonObject {
  return objectIn(document, 'spec');
}

function at(value: Json | undefined, step: PropertyKey): Json | undefined {
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
  return isObject(value) && typeof step === 'string' && Object.hasOwn(value, step) ? value[step] : undefined;
}

type IsSame = (own: JsonObject, merged: JsonObject) => boolean;

/** Tells the item of a list's source from others; undefined for a list that is replaced as a whole. */
function comparisonFor(list: string): IsSame | undefined {
  if (list === ENVIRONMENT) return isSameVariable;
  const keyOf = Object.hasOwn(namedLists, list) ? namedLists[list] : undefined;
  return keyOf && ((own, merged) => keyOf(own) === keyOf(merged));
}

function indexIn(list: Json | undefined, item: Json | undefined, isSame: IsSame): number | undefined {
  if (!Array.isArray(list) || !isObject(item)) return undefined;
  const index = list.findIndex((one: Json) => isObject(one) && isSame(one, item));
  return index < 0 ? undefined : index;
}

/** The value of a list field after the merge; undefined if the list is replaced as a whole. */
type MergeList = (name: string, list: readonly Json[]) => readonly Json[] | undefined;

function mergeObjects(base: JsonObject, own: JsonObject, mergeList: MergeList = () => undefined): JsonObject {
  const fields = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(own)) {
    if (value === null || value === undefined) fields.delete(name);
    else if (Array.isArray(value)) fields.set(name, mergeList(name, value) ?? value);
    else fields.set(name, isObject(value) ? mergeObjects(objectIn(base, name), value) : value);
  }
  return Object.fromEntries(fields);
}

interface MergedList {
  readonly items: readonly Json[];
  readonly unknown: readonly (readonly [index: number, message: string])[];
}

/** Inherited items keep their order, new ones follow. The second item of a name is merged with the second inherited one. */
function mergeLists(base: readonly Json[], own: readonly Json[], keyOf: KeyOf): MergedList {
  const keyOfItem = (item: Json | undefined): string | undefined => (isObject(item) ? keyOf(item) : undefined);
  const unmerged = base.map(keyOfItem);
  const known = unmerged.filter((key) => key !== undefined);
  const items: (Json | undefined)[] = [...base];
  const unknown: (readonly [number, string])[] = [];
  for (const [index, item] of own.entries()) {
    const key = keyOfItem(item);
    const place = key === undefined ? -1 : unmerged.indexOf(key);
    if (place >= 0) unmerged[place] = undefined;
    if (!isObject(item) || item[REMOVE] !== true)
      items[place < 0 ? items.length : place] = mergeItem(items[place], item);
    else if (place >= 0) items[place] = undefined;
    else unknown.push([index, nothingToRemove(key, known)]);
  }
  return { items: items.filter((item) => item !== undefined), unknown };
}

function mergeItem(base: Json | undefined, own: Json): Json {
  return isObject(own) ? mergeObjects(isObject(base) ? base : {}, own) : own;
}

function nothingToRemove(key: string | undefined, known: readonly string[]): string {
  if (key === undefined) return 'this entry does not name what to remove';
  return `no inherited item "${key}"${didYouMean(nearest(key, known))}`;
}
