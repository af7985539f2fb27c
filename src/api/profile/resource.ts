import { isObject, type JsonObject, objectIn } from '../../lib/json.ts';

/**
 * The document of an AgentProfile from the cluster: a profile that extends another stands under `derived`, where the API server keeps it as it is
 * written. What the API server and its users keep in metadata is left out.
 */
export function documentOfResource({ apiVersion = null, kind = null, metadata, spec = null }: JsonObject): JsonObject {
  const derived = isObject(spec) ? spec['derived'] : undefined;
  const { name = null } = isObject(metadata) ? metadata : {};
  return { apiVersion, kind, metadata: { name }, spec: derived ?? spec };
}

/** The resource of a document: the other way round. */
export function resourceOfDocument(document: JsonObject): JsonObject {
  const spec = objectIn(document, 'spec');
  return spec['extends'] === undefined ? document : { ...document, spec: { derived: spec } };
}
