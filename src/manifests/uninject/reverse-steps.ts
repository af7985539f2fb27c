import { type Operation, pointer } from '../../lib/json-patch.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { ReversePlan } from './reverse-plan.ts';

/** One edit of the text that reverses the injection. Paths are those of the injected text. */
export type Step =
  | { readonly kind: 'remove'; readonly path: string }
  /** Leaves an empty list or map: all its elements were added. */
  | { readonly kind: 'empty'; readonly path: string }
  | { readonly kind: 'restore'; readonly path: string; readonly value: string };

export interface Reversal {
  readonly before: Json;
  readonly steps: readonly Step[];
  /** The patch from `before` to the injected pod. */
  readonly operations: readonly Operation[];
}

/**
 * Removes the additions of an injection from a pod. A list or map that contains only additions was either absent or empty before. Injection
 * appends new keys, so a list or map that is followed by a key of the author existed and was empty. For one at the end, `trailing` decides.
 * With `loose`, the order of keys says nothing, and a list or map that contains only additions was absent.
 */
export function reverse(pod: Json, plan: ReversePlan, trailing: 'absent' | 'empty' | 'loose'): Reversal {
  const steps: Step[] = [];
  const operations: Operation[] = [];
  return { before: withoutAdditions(pod, '', { plan, trailing, steps, operations }), steps, operations };
}

interface Context {
  readonly plan: ReversePlan;
  readonly trailing: 'absent' | 'empty' | 'loose';
  readonly steps: Step[];
  readonly operations: Operation[];
}

function withoutAdditions(value: Json, path: string, context: Context): Json {
  const restored = context.plan.changed.get(path);
  if (restored !== undefined && typeof value === 'string') {
    context.steps.push({ kind: 'restore', path, value: restored });
    context.operations.push({ op: 'replace', path, value });
    return restored;
  }
  if (Array.isArray(value)) return listWithoutAdditions(value, path, context);
  return isObject(value) ? mapWithoutAdditions(value, path, context) : value;
}

function listWithoutAdditions(list: readonly Json[], path: string, context: Context): readonly Json[] {
  return list.flatMap((element, index) => {
    const elementPath = path + pointer(index);
    if (!context.plan.added.has(elementPath)) return [withoutAdditions(element, elementPath, context)];
    remove(elementPath, element, context);
    return [];
  });
}

function mapWithoutAdditions(map: JsonObject, path: string, context: Context): JsonObject {
  const { plan, trailing } = context;
  const keys = Object.keys(map);
  const isAdded = (key: string): boolean => isAllAdded(map[key] ?? null, path + pointer(key), plan.added);
  const lastBefore = lastKeyBefore(keys, isAdded);
  const entries = keys.flatMap((key, index): [string, Json][] => {
    const keyPath = path + pointer(key);
    const value = map[key] ?? null;
    if (!isAdded(key)) return [[key, withoutAdditions(value, keyPath, context)]];
    if (plan.added.has(keyPath) || trailing === 'loose' || (index > lastBefore && trailing === 'absent')) {
      remove(keyPath, value, context);
      return [];
    }
    context.steps.push({ kind: 'empty', path: keyPath });
    context.operations.push({ op: 'replace', path: keyPath, value });
    return [[key, Array.isArray(value) ? [] : {}]];
  });
  return Object.fromEntries(entries);
}

function remove(path: string, value: Json, { steps, operations }: Context): void {
  steps.push({ kind: 'remove', path });
  operations.push({ op: 'add', path, value });
}

/** The order in which `patchFor` adds new keys to an object. */
const ORDER = ['annotations', 'labels', 'env', 'volumeMounts', 'imagePullSecrets', 'volumes', 'initContainers'];

/** The index of the last key that was there before: not an addition, or an addition that precedes a key which would have been added earlier. */
function lastKeyBefore(keys: readonly string[], isAdded: (key: string) => boolean): number {
  let next = Infinity;
  for (let index = keys.length - 1; index >= 0; index--) {
    const key = keys[index] ?? '';
    const rank = ORDER.indexOf(key);
    if (!isAdded(key) || (rank >= 0 && rank > next)) return index;
    if (rank >= 0) next = rank;
  }
  return -1;
}

function isAllAdded(value: Json, path: string, added: ReadonlySet<string>): boolean {
  if (added.has(path)) return true;
  if (typeof value !== 'object' || value === null) return false;
  const parts: readonly [string, Json | undefined][] = Object.entries(value);
  return parts.length > 0 && parts.every(([key, part]) => isAllAdded(part ?? null, path + pointer(key), added));
}
