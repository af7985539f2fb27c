import { key, REQUIRED } from '../../api/keys.ts';

export interface PeekedReview {
  readonly uid: string;
  readonly namespace: string;
  /** False if no label of the pod has the value `required`. If true, the body must be parsed to know. */
  readonly mayBeRequired: boolean;
  /** False if the pod has neither the label nor the annotation that opts out. If true, the body must be parsed to know. */
  readonly mayOptOut: boolean;
}

const OBJECT = String.raw`\{[^{}]*\}`;

const TEXT = String.raw`"[^"\\]*"`;

/**
 * The fields of an AdmissionRequest for the creation of a pod, in the order in which Go writes them (k8s.io/api admission/v1 types.go). Every key is
 * spelled out, so a parser finds the same values unless a key is repeated, which Go never does.
 */
const HEAD = new RegExp(
  String.raw`^\{"kind":"AdmissionReview","apiVersion":"admission\.k8s\.io/v1","request":\{` +
    String.raw`"uid":"([\x20\x21\x23-\x5b\x5d-\x7e]{1,128})","kind":${OBJECT},` +
    String.raw`"resource":\{"group":"","version":"v1","resource":"pods"\},` +
    String.raw`(?:"requestKind":${OBJECT},)?(?:"requestResource":${OBJECT},)?(?:"name":${TEXT},)?` +
    String.raw`"namespace":"([a-z0-9-]{1,63})","operation":"CREATE",`,
);

const REQUIRED_TEXT = JSON.stringify(REQUIRED);

/** The beginning of the label `injection` and of the annotation `inject`. */
const OPT_OUT_TEXT = `"${key('inject')}`;

/** Longer than any match: a name has at most 253 characters. */
const MAX_HEAD_LENGTH = 2048;

/** Undefined if the body is not a review of a pod creation as an API server writes it: then it must be parsed. */
export function peekReview(body: Buffer): PeekedReview | undefined {
  const [, uid, namespace] = HEAD.exec(body.toString('latin1', 0, MAX_HEAD_LENGTH)) ?? [];
  if (uid === undefined || namespace === undefined) return undefined;
  return { uid, namespace, mayBeRequired: body.includes(REQUIRED_TEXT), mayOptOut: body.includes(OPT_OUT_TEXT) };
}
