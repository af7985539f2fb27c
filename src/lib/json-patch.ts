import jsonpatch from 'fast-json-patch';
import type { Json } from './json.ts';

/** A JSON Patch operation (RFC 6902). The type has no `remove`, `move` and `copy`, so a patch cannot delete anything from a pod. */
export interface Operation {
  readonly op: 'add' | 'replace';
  /** A JSON Pointer (RFC 6901); a trailing `-` means behind the last element of an array. */
  readonly path: string;
  readonly value: Json;
}

const texts = new WeakMap<readonly Operation[], string>();

/** The patch as JSON, made once for each list of operations. */
export function patchText(operations: readonly Operation[]): string {
  let text = texts.get(operations);
  if (text === undefined) texts.set(operations, (text = JSON.stringify(operations)));
  return text;
}

export function pointer(...tokens: readonly (string | number)[]): string {
  return tokens.map((token) => `/${jsonpatch.escapePathComponent(String(token))}`).join('');
}
