import type { Json } from '../lib/json.ts';

/** A scalar as text; a list or a map as JSON. */
export function scalarText(value: Json | undefined): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
