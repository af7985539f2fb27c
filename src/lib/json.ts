/** Plain JSON, as it comes off the wire and goes back: never a class instance. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** True for a JSON object: not null, not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text under a key, or the empty string where there is something else or nothing. */
export function textIn(object: JsonObject | undefined, key: string): string {
  const value = object?.[key];
  return typeof value === 'string' ? value : '';
}

/** The object under a key, or an empty one where there is something else or nothing. */
export function objectIn(object: JsonObject | undefined, key: string): JsonObject {
  const value = object?.[key];
  return isObject(value) ? value : {};
}

/** The objects in the list under a key. */
export function objectsIn(object: JsonObject | undefined, key: string): readonly JsonObject[] {
  const value = object?.[key];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** True when the object has the key itself: `constructor` and its like, inherited from Object.prototype, do not count. */
export function hasOwn(object: object, key: string): boolean {
  return Object.hasOwn(object, key);
}
