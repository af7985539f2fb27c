import { decodePod, type Pod } from '../kubernetes/pod.ts';
import { type Operation, patchText } from '../lib/json-patch.ts';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import { oneLine } from '../lib/text.ts';
import { hintFor } from '../reasons/hint.ts';
import { reasonMessage } from '../reasons/message.ts';
import type { Reason } from '../reasons/reason.ts';
import { auditAnnotations } from './audit-annotations.ts';
import type { Decision } from './decision.ts';
import { warningsFor } from './warnings.ts';
import { type DecodedResource, resourceIn } from './resource-review.ts';
import { type DecodedWorkload, workloadIn } from './workload-review.ts';

const API_VERSION = 'admission.k8s.io/v1';

const KIND = 'AdmissionReview';

export interface Review {
  readonly uid: string;
  /** From the request, since it can be missing in the metadata of the pod. */
  readonly namespace: string;
  readonly dryRun: boolean;
  readonly pod: Pod;
}

export type DecodedReview =
  | { readonly kind: 'review'; readonly review: Review }
  /** Of a workload: its pods do not exist yet. */
  | DecodedWorkload
  | DecodedResource
  /** A review with a uid, but without a pod to decide on. */
  | { readonly kind: 'unanswerable'; readonly uid: string; readonly reason: Reason }
  | { readonly kind: 'invalid'; readonly message: string };

/** A UUID has 36 characters. The answer repeats the uid. */
const MAX_UID_LENGTH = 128;

/** Parses the body of a request (k8s.io/api admission/v1). Never throws. */
export function decodeReview(body: Json | undefined): DecodedReview {
  if (!isObject(body)) return invalid('the body is not a JSON object; send an AdmissionReview');
  if (body['kind'] !== KIND) return invalid(`kind is ${shown(body['kind'])}; send an ${KIND}`);
  if (body['apiVersion'] !== API_VERSION) {
    return invalid(`apiVersion is ${shown(body['apiVersion'])}; only ${API_VERSION} is supported`);
  }
  const { request } = body;
  if (!isObject(request)) return invalid('the AdmissionReview has no request');
  const { uid } = request;
  if (typeof uid !== 'string' || uid === '' || uid.length > MAX_UID_LENGTH) {
    return invalid('the request has no uid, so it cannot be answered');
  }
  return decodeRequest(uid, request);
}

function decodeRequest(uid: string, request: JsonObject): DecodedReview {
  const known = workloadIn(uid, request) ?? resourceIn(uid, request);
  if (known) return known;
  const resource = resourceOf(request);
  if (resource !== 'pods') return unanswerable(uid, { code: 'not-a-pod', resource });
  const { namespace, operation } = request;
  if (operation !== 'CREATE') return unanswerable(uid, { code: 'not-a-creation', operation: textOf(operation) });
  if (typeof namespace !== 'string' || namespace === '') {
    return unanswerable(uid, { code: 'malformed-pod', path: 'request.namespace', expected: 'the name of a namespace' });
  }
  const decoded = decodePod(request['object']);
  if (!decoded.ok) {
    return unanswerable(uid, { code: 'malformed-pod', ...decoded.error });
  }
  return { kind: 'review', review: { uid, namespace, dryRun: request['dryRun'] === true, pod: decoded.value } };
}

// `pods`, `pods/ephemeralcontainers`, `deployments.apps`, as kubectl writes resources
function resourceOf(request: JsonObject): string {
  const { resource, subResource } = request;
  if (!isObject(resource)) return textOf(resource);
  const group = typeof resource['group'] === 'string' && resource['group'] !== '' ? `.${resource['group']}` : '';
  const sub = typeof subResource === 'string' && subResource !== '' ? `/${subResource}` : '';
  return `${textOf(resource['resource'])}${group}${sub}`;
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

function shown(value: Json | undefined): string {
  return typeof value === 'string' ? `"${oneLine(value, 63)}"` : 'missing';
}

function invalid(message: string): DecodedReview {
  return { kind: 'invalid', message };
}

function unanswerable(uid: string, reason: Reason): DecodedReview {
  return { kind: 'unanswerable', uid, reason };
}

export function encodeReview(uid: string, decision: Decision, operations: readonly Operation[]): JsonObject {
  const warnings = warningsFor(decision);
  const annotations = auditAnnotations(decision);
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    response: {
      uid,
      allowed: decision.outcome !== 'refused',
      ...(operations.length > 0 && {
        patchType: 'JSONPatch',
        patch: Buffer.from(patchText(operations)).toString('base64'),
      }),
      ...(decision.outcome === 'refused' && {
        status: { code: 403, reason: 'Forbidden', message: refusal(decision.reason) },
      }),
      ...(warnings.length > 0 && { warnings }),
      ...(Object.keys(annotations).length > 0 && { auditAnnotations: annotations }),
    },
  };
}

/** In characters; the reason code and the beginning of the hint follow the message. */
const MAX_REFUSAL_LENGTH = 500;

const MAX_REASON_LENGTH = 300;

function refusal(reason: Reason): string {
  const message = `${oneLine(reasonMessage(reason), MAX_REASON_LENGTH)} (${reason.code}). ${hintFor(reason)}`;
  return oneLine(`agent-injector: injection is required for this pod but not possible: ${message}`, MAX_REFUSAL_LENGTH);
}
