import { isObject } from './json.ts';
import type { Problem } from './profile.ts';

export type ReadDefaults =
  | { readonly ok: true; readonly defaults: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Cluster-wide defaults as written: an object of text; numbers and booleans may stand unquoted. Whether they mean anything is not asked here. */
export function readDefaults(written: unknown): ReadDefaults {
  if (!isObject(written)) return { ok: false, problems: [{ path: [], message: 'must be an object' }] };
  const defaults: [string, string][] = [];
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(written)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      defaults.push([name, String(value)]);
    else problems.push({ path: [name], message: 'must be text, a number, true or false' });
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, defaults: Object.fromEntries(defaults) };
}
