import { NAMESPACE_NAME_LABEL, POD_SECURITY_PREFIX } from '../../kubernetes/labels.ts';
import { parseKey } from '../../api/keys.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { misspelledKey } from '../../settings/misspelled-keys.ts';

type Entries = Readonly<Record<string, string>>;

/** Shared by all namespaces without entries: most of them, in a large cluster. */
const NO_ENTRIES: Entries = Object.freeze({});

/** Reduces a Namespace object to its name and the labels and annotations that affect a decision. Undefined without a name. */
export function toNamespace(object: JsonObject): Namespace | undefined {
  const { metadata } = object;
  if (!isObject(metadata) || typeof metadata['name'] !== 'string' || metadata['name'] === '') return undefined;
  return { name: metadata['name'], labels: pick(metadata['labels']), annotations: pick(metadata['annotations']) };
}

function pick(map: Json | undefined): Entries {
  if (!isObject(map)) return NO_ENTRIES;
  const entries: [string, string][] = [];
  for (const [name, value] of Object.entries(map)) {
    if (typeof value === 'string' && isRelevant(name)) entries.push([name, value]);
  }
  return entries.length === 0 ? NO_ENTRIES : Object.fromEntries(entries);
}

function isRelevant(name: string): boolean {
  return (
    name === NAMESPACE_NAME_LABEL ||
    name.startsWith(POD_SECURITY_PREFIX) ||
    parseKey(name) !== undefined ||
    misspelledKey(name) !== undefined
  );
}
