/** Plain JSON, as it comes off the wire and goes back: never a class instance. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** True for a JSON object: not null, not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True when the object has the key itself: `constructor` and its like, inherited from Object.prototype, do not count. */
export function has(object: object, key: string): boolean {
  return Object.hasOwn(object, key);
}
