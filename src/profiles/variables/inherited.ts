import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { didYouMean, nearest } from '../../lib/suggest.ts';

/** The operations that add to a value: any number of them can share a variable, the author's value and the inherited one included. */
const LIST_OPERATIONS: ReadonlySet<Json | undefined> = new Set(['append', 'prepend', 'merge']);

/** How the parts of the value are written, which an addition to an inherited list need not repeat. */
const FORM_OF_LIST = ['separator', 'assignment'] as const;

/** Where the parts come from. An entry without any of these changes the inherited one. */
const SOURCES = ['value', 'annotations', 'parameter'] as const;

export interface MergedVariables {
  readonly items: readonly Json[];
  /** `field`: the field of the profile's own entry that is wrong. */
  readonly problems: readonly { readonly index: number; readonly field: string; readonly message: string }[];
}

type MergeItem = (base: Json | undefined, own: Json) => Json;

/**
 * Merges the variables of a profile over the inherited ones. What is set, is merged with the inherited entry of the name. What is appended, prepended
 * or merged is added to what is inherited; without any source, it changes the inherited entry. Of two assignments of one name the first counts, so the
 * profile's own assignments come before the inherited ones.
 */
export function mergeVariables(base: readonly Json[], own: readonly Json[], mergeItem: MergeItem): MergedVariables {
  const merged = new Variables(base, mergeItem);
  for (const [index, item] of own.entries()) if (isRemoval(item)) merged.remove(item, index);
  for (const [index, item] of own.entries()) if (!isRemoval(item)) merged.add(item, index);
  return merged;
}

/** True if the entry of a document that extends another one is, or is a part of, the entry of the merged document. */
export function isSameVariable(own: JsonObject, merged: JsonObject): boolean {
  if (own['name'] !== merged['name']) return false;
  if (!isAddition(own) && !isAddition(merged)) return true;
  return own['operation'] === merged['operation'] && (!hasSource(own) || hasSameSource(own, merged));
}

function hasSource(item: JsonObject): boolean {
  return SOURCES.some((field) => item[field] !== undefined);
}

function hasSameSource(one: JsonObject, other: JsonObject): boolean {
  return SOURCES.every((field) => one[field] === other[field]);
}

function isRemoval(item: Json | undefined): item is JsonObject {
  return isObject(item) && item['remove'] === true;
}

function isAddition({ operation }: JsonObject): boolean {
  return LIST_OPERATIONS.has(operation);
}

class Variables implements MergedVariables {
  readonly problems: MergedVariables['problems'][number][] = [];
  /** Undefined: removed. */
  readonly #inherited: (Json | undefined)[];
  readonly #changed = new Set<number>();
  readonly #before = new Map<number, Json[]>();
  readonly #added: Json[] = [];
  readonly #mergeItem: MergeItem;

  constructor(base: readonly Json[], mergeItem: MergeItem) {
    this.#inherited = [...base];
    this.#mergeItem = mergeItem;
  }

  get items(): readonly Json[] {
    const inherited = this.#inherited.flatMap((item, place) => [
      ...(this.#before.get(place) ?? []),
      ...(item === undefined ? [] : [item]),
    ]);
    return [...inherited, ...this.#added];
  }

  /** Removes all inherited entries of the name, or those with this operation and this source. */
  remove(own: JsonObject, index: number): void {
    const places = this.#places((item) =>
      (['name', 'operation', ...SOURCES] as const).every(
        (field) => own[field] === undefined || own[field] === item[field],
      ),
    );
    if (typeof own['name'] !== 'string' || places.length === 0)
      this.problems.push({ index, field: 'remove', message: this.#nothingToRemove(own['name']) });
    else for (const place of places) this.#inherited[place] = undefined;
  }

  #nothingToRemove(name: Json | undefined): string {
    if (typeof name !== 'string') return 'this entry does not name what to remove';
    const known = this.#inherited.flatMap((item) =>
      isObject(item) && typeof item['name'] === 'string' ? [item['name']] : [],
    );
    return `no such inherited entry of "${name}"${didYouMean(nearest(name, known))}`;
  }

  add(own: Json, index: number): void {
    if (!isObject(own) || typeof own['name'] !== 'string') this.#added.push(this.#mergeItem(undefined, own));
    else if (isAddition(own)) this.#addToList(own);
    else this.#set(own, index);
  }

  #set(own: JsonObject, index: number): void {
    const named = this.#places(({ name }) => name === own['name']);
    const list = named.map((place) => this.#inherited[place]).find((item) => isObject(item) && isAddition(item));
    const operation = isObject(list) ? list['operation'] : undefined;
    if (typeof operation === 'string') {
      const message = `would take away what the inherited profile adds to this variable by ${operation}: name that operation to add to it, or remove the inherited entry (remove: true)`;
      this.problems.push({ index, field: 'name', message });
    }
    this.#mergeOver(
      named.find((place) => !this.#changed.has(place)),
      own,
    );
  }

  #addToList(own: JsonObject): void {
    const { name, operation } = own;
    const same = this.#places((item) => item['name'] === name && item['operation'] === operation);
    const changed = same.find((place) => {
      const item = this.#inherited[place];
      return !this.#changed.has(place) && isObject(item) && (!hasSource(own) || hasSameSource(own, item));
    });
    const [first] = same;
    const inherited = first === undefined ? undefined : this.#inherited[first];
    if (changed !== undefined || !isObject(inherited) || first === undefined) return this.#mergeOver(changed, own);
    const form = Object.fromEntries(
      FORM_OF_LIST.flatMap((field) => (inherited[field] === undefined ? [] : [[field, inherited[field]] as const])),
    );
    const added = this.#mergeItem(form, own);
    if (operation !== 'merge') this.#added.push(added);
    else this.#before.set(first, [...(this.#before.get(first) ?? []), added]);
  }

  #mergeOver(place: number | undefined, own: Json): void {
    if (place === undefined) {
      this.#added.push(this.#mergeItem(undefined, own));
      return;
    }
    this.#changed.add(place);
    this.#inherited[place] = this.#mergeItem(this.#inherited[place], own);
  }

  #places(matches: (item: JsonObject) => boolean): readonly number[] {
    return this.#inherited.flatMap((item, place) => (isObject(item) && matches(item) ? [place] : []));
  }
}
