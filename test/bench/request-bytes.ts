import type { Body } from './load.ts';

/** Placeholders in a body. */
export const UID_SLOT = '00000000-0000-4000-8000-000000000000';
export const SUFFIX_SLOT = '-00000';
const VOLUME_SLOT = `kube-api-access${SUFFIX_SLOT}`;
/** Characters of the hash of a ReplicaSet. */
const HASH_LENGTH = 10;
const SUFFIX_LENGTH = SUFFIX_SLOT.length - 1;
/** The characters of such hashes (k8s.io/apimachinery pkg/util/rand). */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** A request in bytes, and the offsets of its uid and volume names. */
export interface Template {
  readonly bytes: Buffer;
  readonly uidAt: number;
  readonly suffixesAt: readonly number[];
  readonly hashesAt: readonly number[];
  readonly patch: string;
}

/** The bytes of the request, with the headers of kube-apiserver 1.36. */
export function templateOf({ json, hash, patch }: Body, port: number): Template {
  const head = [
    'POST /mutate?timeout=5s HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'User-Agent: kube-apiserver-admission',
    `Content-Length: ${Buffer.byteLength(json)}`,
    'Accept: application/json, */*',
    'Content-Type: application/json',
    'Accept-Encoding: gzip',
  ];
  const bytes = Buffer.from(`${head.join('\r\n')}\r\n\r\n${json}`);
  const uidAt = bytes.indexOf(UID_SLOT);
  if (uidAt < 0) throw new Error('this body has no place for a uid');
  const hashesAt = placesOf(bytes, hash);
  return {
    bytes,
    uidAt,
    hashesAt,
    suffixesAt: placesOf(bytes, VOLUME_SLOT).map((at) => at + VOLUME_SLOT.length - 5),
    patch,
  };
}

function placesOf(bytes: Buffer, text: string): readonly number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + text.length)) found.push(at);
  return found;
}

/** Copies the request into `into`, with the uid and volume names of request number `count`, and for a stranger with a new hash of its ReplicaSet. */
export function fill(
  template: Template,
  into: Buffer,
  count: number,
  stranger = false,
): { readonly uid: string; readonly bytes: Buffer } {
  const { bytes, uidAt, suffixesAt, hashesAt } = template;
  bytes.copy(into);
  const uid = `36bd2b26-4c53-4b50-a445-${count.toString(16).padStart(12, '0')}`;
  into.write(uid, uidAt, 'latin1');
  let rest = count * 7919;
  let suffix = '';
  for (let index = 0; index < SUFFIX_LENGTH; index += 1) {
    suffix += LETTERS.charAt(rest % LETTERS.length);
    rest = Math.floor(rest / LETTERS.length);
  }
  for (const at of suffixesAt) into.write(suffix, at, 'latin1');
  if (stranger) {
    const hash = hashOf(count);
    for (const at of hashesAt) into.write(hash, at, 'latin1');
  }
  return { uid, bytes: into.subarray(0, bytes.length) };
}

/**
 * As Kubernetes spells a `pod-template-hash`: an unsigned 32-bit number whose decimal digits are letters. Two that follow each other have no digit in
 * common but by chance, as there; each `count` has another one, because the multiplier is odd.
 */
function hashOf(count: number): string {
  const digits = (Math.imul(count, 0x9e3779b1) >>> 0).toString().padStart(HASH_LENGTH, '0');
  return digits.replace(/\d/g, (digit) => LETTERS.charAt(digit.charCodeAt(0) % LETTERS.length));
}
