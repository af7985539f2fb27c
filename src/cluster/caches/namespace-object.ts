import { NAMESPACE_NAME_LABEL, POD_SECURITY_PREFIX } from '../../kubernetes/labels.ts';
import { parseKey } from '../../api/keys.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { misspelledKey } from '../../settings/misspelled-keys.ts';

type Texts = Readonly<Record<string, string>>;

/** Shared by all namespaces without any: most of them, in a large cluster. */
const NONE: Texts = Object.freeze({});

/** What we keep of a Namespace object: its name, and the labels and annotations that bear on a decision. Undefined: no name. */
export function toNamespace(object: JsonObject): Namespace | undefined {
  const { metadata } = object;
  if (!isObject(metadata) || typeof metadata['name'] !== 'string' || metadata['name'] === '') return undefined;
  return { name: metadata['name'], labels: kept(metadata['labels']), annotations: kept(metadata['annotations']) };
}

function kept(texts: Json | undefined): Texts {
  if (!isObject(texts)) return NONE;
  const entries: [string, string][] = [];
  for (const [name, value] of Object.entries(texts)) {
    if (typeof value === 'string' && isKept(name)) entries.push([name, value]);
  }
  return entries.length === 0 ? NONE : Object.fromEntries(entries);
}

function isKept(name: string): boolean {
  return (
    name === NAMESPACE_NAME_LABEL ||
    name.startsWith(POD_SECURITY_PREFIX) ||
    parseKey(name) !== undefined ||
    misspelledKey(name) !== undefined
  );
}
