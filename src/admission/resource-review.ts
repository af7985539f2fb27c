import { API_GROUP, RESOURCES } from '../api/target/kinds.ts';
import { contains, type Json, type JsonObject, objectIn, textIn } from '../lib/json.ts';

/** An AgentProfile or a target that is created or changed. */
export interface ResourceReview {
  readonly uid: string;
  readonly object: JsonObject;
}

/** What a request says of a resource of ours: one that is judged, or one of which nothing is said. */
export type DecodedResource =
  | { readonly kind: 'resource'; readonly review: ResourceReview }
  | { readonly kind: 'unadvised'; readonly uid: string };

const PLURALS = new Set<Json | undefined>(Object.values(RESOURCES));

/**
 * The resource of a request; undefined if the request is not about one. A change that leaves the spec as it was is not judged: a finalizer can be
 * taken out of a resource that has errors.
 */
export function resourceIn(uid: string, request: JsonObject): DecodedResource | undefined {
  const { group, resource } = objectIn(request, 'resource');
  if (group !== API_GROUP || !PLURALS.has(resource)) return undefined;
  const { operation } = request;
  const object = objectIn(request, 'object');
  const isWritten = operation === 'CREATE' || operation === 'UPDATE';
  if (!isWritten || textIn(request, 'subResource') !== '' || isSame(request['oldObject'], object))
    return { kind: 'unadvised', uid };
  return { kind: 'resource', review: { uid, object } };
}

function isSame(before: Json | undefined, { spec }: JsonObject): boolean {
  const old = objectIn({ before }, 'before')['spec'];
  return old !== undefined && contains(old, spec) && contains(spec, old);
}

/** Problems that are shown. */
const MAX_PROBLEMS = 10;

/** Refuses a resource with errors, and says all of them, as lint does. */
export function encodeVerdict(uid: string, problems: readonly string[]): JsonObject {
  const more = problems.length - MAX_PROBLEMS;
  const lines = [...problems.slice(0, MAX_PROBLEMS), ...(more > 0 ? [`and ${more} more`] : [])];
  const status = { code: 422, reason: 'Invalid', message: lines.join('\n') };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid, allowed: problems.length === 0, ...(problems.length > 0 && { status }) },
  };
}
