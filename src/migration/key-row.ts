import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import type { Place } from './model.ts';

/** Where a key of another product stands: a resource is named by its kind. */
export type KeyPlace =
  | 'pod annotation'
  | 'pod label'
  | 'namespace annotation'
  | 'namespace label'
  | 'Instrumentation'
  | 'DatadogAgent'
  | 'DatadogAgent target'
  | 'SwAgent'
  | 'Values';

/** The value of a field goes into a draft of type `Target`. `words`: what stands for the `{…}` of the key. */
export type Carry<Target> = (value: Json, at: Place, target: Target, words: readonly string[]) => void;

interface Key {
  readonly on: readonly KeyPlace[];
  /** A label, an annotation, or the path of a field. `{container}` and the like stand for any text. */
  readonly key: string;
}

/** A key that is carried over. */
export interface CarriedRow<Target = never> extends Key {
  /** What it becomes, in Markdown. */
  readonly becomes: string;
  /** It means the same here, so it is left where it is. */
  readonly stays?: true;
  readonly carry?: Carry<Target>;
}

/** A key that cannot be carried over. */
export interface LostRow extends Key {
  readonly why: string;
  readonly todo: string;
}

/** What a key of another product becomes, or why it becomes nothing. */
export type KeyRow<Target = never> = CarriedRow<Target> | LostRow;

export function isCarried<Target>(row: KeyRow<Target>): row is CarriedRow<Target> {
  return 'becomes' in row;
}

export interface RowMatch<Target> {
  readonly row: KeyRow<Target>;
  readonly words: readonly string[];
}

/** The first row for a key at this place. */
export function rowFor<Target>(
  rows: readonly KeyRow<Target>[],
  on: KeyPlace,
  key: string,
): RowMatch<Target> | undefined {
  for (const row of rows) {
    if (!row.on.includes(on)) continue;
    const words = wordsOf(row.key, key);
    if (words) return { row, words };
  }
  return undefined;
}

/** What stands for each `{…}` of a pattern; undefined if the key does not match. */
function wordsOf(pattern: string, key: string): readonly string[] | undefined {
  const fixed = pattern.split(/\{\w+\}/);
  const [first = '', ...others] = fixed;
  const last = others.pop();
  if (last === undefined) return key === first ? [] : undefined;
  const middle = others[0];
  if (!key.startsWith(first) || !key.endsWith(last) || key.length <= first.length + last.length) return undefined;
  const word = key.slice(first.length, key.length - last.length);
  if (middle === undefined) return [word];
  const at = word.indexOf(middle);
  return at > 0 && at + middle.length < word.length ? [word.slice(0, at), word.slice(at + middle.length)] : undefined;
}

export interface FoundField<Target> extends Partial<RowMatch<Target>> {
  readonly key: string;
  readonly value: Json;
  readonly at: Place;
}

/** All fields of an object, each with the row that it or the object around it has; a field without a row is there, too. Lists are fields as a whole. */
export function fieldsOf<Target>(
  rows: readonly KeyRow<Target>[],
  on: KeyPlace,
  { json, at }: { readonly json: JsonObject; readonly at: Place },
  within = '',
): readonly FoundField<Target>[] {
  return Object.entries(json).flatMap(([name, value = null]): readonly FoundField<Target>[] => {
    const key = within === '' ? name : `${within}.${name}`;
    const place = { ...at, path: [...at.path, name] };
    const found = rowFor(rows, on, key);
    if (found) return [{ ...found, key, value, at: place }];
    if (isObject(value)) return fieldsOf(rows, on, { json: value, at: place }, key);
    return value === null ? [] : [{ key, value, at: place }];
  });
}
