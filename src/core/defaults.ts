import { isObject } from './json.ts';
import type { Problem } from './profile.ts';

export type ReadDefaults =
  | { readonly ok: true; readonly defaults: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Cluster-wide defaults as written: an object of text; numbers and booleans may stand unquoted. Whether they mean anything is not asked here. */
export function readDefaults(written: unknown): ReadDefaults {
  if (!isObject(written)) return { ok: false, problems: [{ path: [], message: 'must be an object' }] };
  const entries = Object.entries(written);
  const problems = entries
    .filter(([, value]) => !['string', 'number', 'boolean'].includes(typeof value))
    .map(([name]) => ({ path: [name], message: 'must be text, a number, true or false' }));
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, defaults: Object.fromEntries(entries.map(([name, value]) => [name, String(value)])) };
}
