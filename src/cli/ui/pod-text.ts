import { objectIn, type JsonObject } from '../../lib/json.ts';
import { parseManifest } from '../../manifests/documents.ts';
import { uninjectText } from '../../manifests/uninject/uninject.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import { yamlText } from '../profiles/yaml.ts';

/** What the API server adds to the metadata of an object, and people do not write. */
const OF_SERVER: ReadonlySet<string> = new Set([
  'managedFields',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'selfLink',
  'generation',
]);

/** A pod or a template as YAML, without its status. */
export function afterText(object: JsonObject): string {
  const kept = Object.entries(objectIn(object, 'metadata')).filter(([key]) => !OF_SERVER.has(key));
  const { status: _, metadata: __, ...rest } = object;
  return yamlText({ apiVersion: 'v1', kind: 'Pod', metadata: Object.fromEntries(kept), ...rest });
}

/** The same without what was injected into it; unchanged where that is not certain. */
export function beforeText(object: JsonObject, catalogue: Catalogue): string {
  const text = afterText(object);
  const parsed = parseManifest(text);
  return parsed.ok ? uninjectText(parsed.value, catalogue, { loose: true }).text : text;
}
