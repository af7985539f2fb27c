import { PROFILE_API_VERSION, PROFILE_KIND } from './keys.ts';
import { isObject, type JsonObject, objectIn, textIn } from '../lib/json.ts';

/** An AgentProfile that is a resource of the cluster. */
export interface ProfileResource {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** As a file would have it. */
  readonly document: JsonObject;
}

/**
 * Reads the object of an AgentProfile. A profile that extends another one is in `spec.derived`: it may lack what it inherits, and remove some of it,
 * which the schema of a CRD cannot say.
 */
export function profileResource(object: JsonObject): ProfileResource {
  const metadata = objectIn(object, 'metadata');
  const name = textIn(metadata, 'name');
  return {
    name,
    uid: textIn(metadata, 'uid'),
    generation: Number(metadata['generation'] ?? 0),
    document: {
      apiVersion: PROFILE_API_VERSION,
      kind: PROFILE_KIND,
      metadata: { name },
      spec: specAsInFile(objectIn(object, 'spec')),
    },
  };
}

/** What is in `derived` stands in the spec of a file itself. With both, the document says what is wrong with it. */
export function specAsInFile({ derived, ...plain }: JsonObject): JsonObject {
  return isObject(derived) ? { ...plain, ...derived } : { ...plain, ...(derived !== undefined && { derived }) };
}

/** The name of a document of an AgentProfile, whatever else it is. */
export function nameOf(document: unknown): string | undefined {
  const metadata = isObject(document) ? document['metadata'] : undefined;
  const name = isObject(metadata) ? metadata['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}
