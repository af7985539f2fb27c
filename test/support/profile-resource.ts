import { type JsonObject, objectIn } from '../../src/lib/json.ts';

/** The resource that a document of a profile becomes: one that extends another stands under `derived`. */
export function resourceOfDocument(document: JsonObject): JsonObject {
  const spec = objectIn(document, 'spec');
  return spec['extends'] === undefined ? document : { ...document, spec: { derived: spec } };
}
