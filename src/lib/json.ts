export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for arrays and class instances, too: for values whose type is not known, such as another library's internals. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The value of a JSON text; undefined if the text is not JSON. */
export function parsedJson(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

/** Compares only the fields that the part has, at every depth; lists must be equal. */
export function contains(value: Json | undefined, part: Json | undefined): boolean {
  if (Array.isArray(part)) return JSON.stringify(value) === JSON.stringify(part);
  if (!isObject(part)) return value === part;
  return isObject(value) && Object.keys(part).every((key) => contains(value[key], part[key]));
}

/** Reads a string; the empty string where the key has anything else. */
export function textIn(object: JsonObject | undefined, key: string): string {
  const value = object?.[key];
  return typeof value === 'string' ? value : '';
}

/** Reads an object; an empty one where the key has anything else. */
export function objectIn(object: JsonObject | undefined, key: string): JsonObject {
  const value = object && Object.hasOwn(object, key) ? object[key] : undefined;
  return isObject(value) ? value : {};
}

/** Reads the objects of a list; an empty list where the key has anything else. */
export function objectsIn(object: JsonObject | undefined, key: string): readonly JsonObject[] {
  const value = object?.[key];
  return Array.isArray(value) ? value.filter(isObject) : [];
}
