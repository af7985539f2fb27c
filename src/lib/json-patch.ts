import jsonpatch from 'fast-json-patch';
import type { Json } from './json.ts';

/** A JSON Patch operation (RFC 6902). The type has no `remove`, `move` and `copy`, so a patch cannot delete anything from a pod. */
export interface Operation {
  readonly op: 'add' | 'replace';
  /** A JSON Pointer (RFC 6901); a trailing `-` means behind the last element of an array. */
  readonly path: string;
  readonly value: Json;
}

export function pointer(...tokens: readonly (string | number)[]): string {
  return tokens.map((token) => `/${jsonpatch.escapePathComponent(String(token))}`).join('');
}
