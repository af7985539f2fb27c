export interface ReviewKey {
  readonly uid: string;
  /** The text without everything that differs between pods of one workload, in Latin-1: one character per byte. */
  readonly template: string;
  /** Name of the service account volume, which the template leaves out. */
  readonly volume: string | undefined;
}

/** Longer bodies are not cached: their text alone would fill the cache. */
const MAX_BODY_LENGTH = 256 * 1024;

/** Start of the text that an API server sends: Go encodes struct fields in order (k8s.io/api admission/v1 types.go). */
const HEAD = '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"';

const UID = /^[0-9a-f-]{1,64}$/;

// Placeholders for what the template leaves out. JSON text cannot contain these characters, so no other text has the same template.
const VOLUME_PLACEHOLDER = '\u0000';

const TIME_PLACEHOLDER = '\u0001';

/** Begins the template of a review on the path for required pods, which has an answer of its own. */
const REQUIRED_MARK = '\u0002';

/**
 * Splits the body of a review into uid and template; undefined if an API server would not write it this way. The template leaves out the uid, the
 * times in managed fields, which are not used, and the random suffix of the service account volume (k8s.io/kubernetes
 * plugin/pkg/admission/serviceaccount) if the text has only one such volume.
 */
export function readReviewKey(body: Buffer, required = false): ReviewKey | undefined {
  if (body.length > MAX_BODY_LENGTH) return undefined;
  const text = body.toString('latin1');
  if (!text.startsWith(HEAD)) return undefined;
  const end = text.indexOf('"', HEAD.length);
  const uid = text.slice(HEAD.length, end);
  if (end === -1 || !UID.test(uid)) return undefined;
  const rest = text.slice(end);
  const volume = onlyVolumeIn(rest);
  const unnamed = volume === undefined ? rest : rest.replaceAll(volume, VOLUME_PREFIX + VOLUME_PLACEHOLDER);
  const template = unnamed.replaceAll(TIMES, TIME_PLACEHOLDER);
  return { uid, template: required ? REQUIRED_MARK + template : template, volume };
}

const VOLUME_PREFIX = 'kube-api-access-';

const VOLUME_SUFFIX = /^[a-z0-9]{5}$/;

const VOLUME_LENGTH = VOLUME_PREFIX.length + 5;

function onlyVolumeIn(text: string): string | undefined {
  const first = text.indexOf(VOLUME_PREFIX);
  const name = text.slice(first, first + VOLUME_LENGTH);
  if (first === -1 || !VOLUME_SUFFIX.test(name.slice(VOLUME_PREFIX.length))) return undefined;
  for (let at = first; at !== -1; at = text.indexOf(VOLUME_PREFIX, at + VOLUME_LENGTH)) {
    if (!text.startsWith(name, at)) return undefined;
  }
  return name;
}

/** The form of `metav1.Time`. The quotes keep it from matching inside a string, where they would be escaped. */
const TIMES = /"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/g;
