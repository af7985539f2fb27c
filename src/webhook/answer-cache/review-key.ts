/** The text of a review, taken apart without parsing it. */
export interface ReviewKey {
  readonly uid: string;
  /** Reviews of one template have one: the text itself, without what differs from pod to pod of the same workload. */
  readonly template: string;
  /** The name of the volume that Kubernetes made for this pod, where the template leaves it out. */
  readonly left: string | undefined;
}

/** As the API server writes it: Go encodes the fields of a struct in their order (k8s.io/api admission/v1 types.go). */
const HEAD = '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"';

const UID = /^[0-9a-f-]{1,64}$/;

/** What stands for what is left out. No JSON text has such characters, so none can look like another one with its parts left out. */
const VOLUME_GAP = '\u0000';

const TIME_GAP = '\u0001';

/**
 * Takes a review apart; undefined where it is not written as the API server writes it. What is left out of the template: the uid, the times
 * in managed fields (nothing reads them), and the random end of the name of the service account's volume
 * (k8s.io/kubernetes plugin/pkg/admission/serviceaccount), if all of the text means one volume by it. Text and parts are in Latin-1: a character each byte.
 */
export function readReviewKey(text: string): ReviewKey | undefined {
  if (!text.startsWith(HEAD)) return undefined;
  const end = text.indexOf('"', HEAD.length);
  const uid = text.slice(HEAD.length, end);
  if (end === -1 || !UID.test(uid)) return undefined;
  const rest = text.slice(end);
  const left = volumeIn(rest);
  const unnamed = left === undefined ? rest : rest.replaceAll(left, VOLUME + VOLUME_GAP);
  return { uid, template: unnamed.replaceAll(TIMES, TIME_GAP), left };
}

const VOLUME = 'kube-api-access-';

const SUFFIX = /^[a-z0-9]{5}$/;

const VOLUME_LENGTH = VOLUME.length + 5;

/** The one volume of this kind; undefined where there is none, or there are two. */
function volumeIn(text: string): string | undefined {
  const first = text.indexOf(VOLUME);
  const name = text.slice(first, first + VOLUME_LENGTH);
  if (first === -1 || !SUFFIX.test(name.slice(VOLUME.length))) return undefined;
  for (let at = first; at !== -1; at = text.indexOf(VOLUME, at + VOLUME_LENGTH)) {
    if (!text.startsWith(name, at)) return undefined;
  }
  return name;
}

/** As `metav1.Time` is written. With its quotes it is never part of a string: there they would be escaped. */
const TIMES = /"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/g;
