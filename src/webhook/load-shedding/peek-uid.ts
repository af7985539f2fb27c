/** What the beginning of a review says of it, read without parsing it. */
export interface PeekedReview {
  readonly uid: string;
  readonly namespace: string;
  /** Whether a label may say `required`. Where it is false, none does; where it is true, only parsing tells. */
  readonly mayBeRequired: boolean;
}

const OBJECT = String.raw`\{[^{}]*\}`;

const TEXT = String.raw`"[^"\\]*"`;

/**
 * The order in which Go writes the fields of an AdmissionRequest (k8s.io/api admission/v1 types.go), for the creation of a pod. No key is left
 * to guess: what stands here is what a parser would find, as long as no key comes twice, which Go never writes.
 */
const HEAD = new RegExp(
  String.raw`^\{"kind":"AdmissionReview","apiVersion":"admission\.k8s\.io/v1","request":\{` +
    String.raw`"uid":"([\x20\x21\x23-\x5b\x5d-\x7e]{1,128})","kind":${OBJECT},` +
    String.raw`"resource":\{"group":"","version":"v1","resource":"pods"\},` +
    String.raw`(?:"requestKind":${OBJECT},)?(?:"requestResource":${OBJECT},)?(?:"name":${TEXT},)?` +
    String.raw`"namespace":"([a-z0-9-]{1,63})","operation":"CREATE",`,
);

/** All of the above fits; a name has at most 253 characters. */
const MAX_HEAD_LENGTH = 2048;

/**
 * What can be seen of a review in the body of a request as an API server writes it. Undefined where it is written otherwise, or is no review of
 * the creation of a pod: then it has to be parsed.
 */
export function peekReview(body: Buffer): PeekedReview | undefined {
  const [, uid, namespace] = HEAD.exec(body.toString('latin1', 0, MAX_HEAD_LENGTH)) ?? [];
  if (uid === undefined || namespace === undefined) return undefined;
  return { uid, namespace, mayBeRequired: body.includes('"required"') };
}
