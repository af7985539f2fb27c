import { type Operation, pointer } from '../../lib/json-patch.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { ReversePlan } from './reverse-plan.ts';

/** One thing to do to a text so that it says what it said before. Paths are those of the text as it is now. */
export type Step =
  | { readonly kind: 'remove'; readonly path: string }
  /** All that is in a list or map was added, and it stands where an empty one must have been. */
  | { readonly kind: 'empty'; readonly path: string }
  | { readonly kind: 'restore'; readonly path: string; readonly value: string };

/** A document without what was added to it, and both ways between the two. */
export interface Reversed {
  readonly before: Json;
  /** From now to before, as changes of a text. */
  readonly steps: readonly Step[];
  /** From before to now, as a patch. */
  readonly operations: readonly Operation[];
}

/**
 * Takes what was added out of the JSON. A list or map of which nothing is left was not there, unless it stands before something of the
 * author's: a new key always goes behind all of them, so there must have been an empty one. An empty one at the end mostly makes the same
 * text: `atTheEnd` says whether it counts as not there.
 */
export function reverseSteps(value: Json, undoing: ReversePlan, atTheEnd: 'absent' | 'empty'): Reversed {
  const steps: Step[] = [];
  const operations: Operation[] = [];
  const before = strip(value, '', { undoing, atTheEnd, steps, operations });
  return { before: before ?? null, steps, operations };
}

interface Work {
  readonly undoing: ReversePlan;
  readonly atTheEnd: 'absent' | 'empty';
  readonly steps: Step[];
  readonly operations: Operation[];
}

/** What is left of the value. Whole parts that were added are for the caller: he knows what stands behind them. */
function strip(value: Json, path: string, work: Work): Json | undefined {
  const restored = work.undoing.changed.get(path);
  if (restored !== undefined && typeof value === 'string') {
    work.steps.push({ kind: 'restore', path, value: restored });
    work.operations.push({ op: 'replace', path, value });
    return restored;
  }
  if (Array.isArray(value)) return stripList(value, path, work);
  return isObject(value) ? stripMap(value, path, work) : value;
}

function stripList(list: readonly Json[], path: string, work: Work): readonly Json[] {
  return list.flatMap((element, index): readonly Json[] => {
    const at = path + pointer(index);
    if (!work.undoing.added.has(at)) return [strip(element, at, work) ?? null];
    work.steps.push({ kind: 'remove', path: at });
    work.operations.push({ op: 'add', path: at, value: element });
    return [];
  });
}

function stripMap(map: JsonObject, path: string, work: Work): JsonObject {
  const keys = Object.keys(map);
  const isOurs = (key: string): boolean => isAllAdded(map[key] ?? null, path + pointer(key), work.undoing.added);
  const lastOfAuthor = lastThatWasThere(keys, isOurs);
  const entries = keys.flatMap((key, index): [string, Json][] => {
    const at = path + pointer(key);
    const value = map[key] ?? null;
    const isWhole = work.undoing.added.has(at);
    if (isWhole || (isOurs(key) && index > lastOfAuthor && work.atTheEnd === 'absent')) {
      work.steps.push({ kind: 'remove', path: at });
      work.operations.push({ op: 'add', path: at, value });
      return [];
    }
    if (!isOurs(key)) return [[key, strip(value, at, work) ?? null]];
    work.steps.push({ kind: 'empty', path: at });
    const empty: Json = Array.isArray(value) ? [] : {};
    work.operations.push({ op: 'replace', path: at, value });
    return [[key, empty]];
  });
  return Object.fromEntries(entries);
}

/** The order in which new keys are written (`patchFor`). Annotations and the rest, each on its own, come as they come. */
const ORDER = ['env', 'volumeMounts', 'imagePullSecrets', 'volumes', 'initContainers'];

/** The last key that is the author's. One of ours that stands before another which would have been written first was there, too. */
function lastThatWasThere(keys: readonly string[], isOurs: (key: string) => boolean): number {
  let next = Infinity;
  for (let index = keys.length - 1; index >= 0; index--) {
    const key = keys[index] ?? '';
    const rank = ORDER.indexOf(key);
    if (!isOurs(key) || (rank >= 0 && rank > next)) return index;
    if (rank >= 0) next = rank;
  }
  return -1;
}

/** Whether the value is ours, or a list or map with something in it that is ours all through. */
function isAllAdded(value: Json, path: string, added: ReadonlySet<string>): boolean {
  if (added.has(path)) return true;
  const parts: readonly (readonly [string | number, Json])[] = Array.isArray(value)
    ? value.map((part: Json, index) => [index, part] as const)
    : isObject(value)
      ? Object.entries(value).map(([key, part]) => [key, part ?? null] as const)
      : [];
  return parts.length > 0 && parts.every(([key, part]) => isAllAdded(part, path + pointer(key), added));
}
