import type { Json } from './json.ts';

/**
 * One JSON Patch operation (RFC 6902). We only ever add, or replace a value that is ours or that a profile may change:
 * there is no `remove`, `move` or `copy` in this type, so nothing of the author's can go away.
 */
export interface Operation {
  readonly op: 'add' | 'replace';
  /** A JSON Pointer (RFC 6901); a trailing `-` means behind the last element of an array. */
  readonly path: string;
  readonly value: Json;
}

/** A JSON Pointer made of reference tokens, escaped as RFC 6901 §3 asks (`~` → `~0`, `/` → `~1`). */
export function pointer(...tokens: readonly (string | number)[]): string {
  return tokens.map((token) => `/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
