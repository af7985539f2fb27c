import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

// RFC 5280 4.2.1.10. Go (the API server) and OpenSSL (Node.js) enforce it for every kind of name here.

/** Tags of DER. In a GeneralName, the numbers of RFC 5280 4.2.1.6: 1 e-mail, 2 DNS, 6 URI, 7 IP address. */
const TAG = {
  boolean: 0x01,
  octets: 0x04,
  oid: 0x06,
  sequence: 0x30,
  email: 0x81,
  dns: 0x82,
  uri: 0x86,
  ip: 0x87,
  permitted: 0xa0,
  excluded: 0xa1,
  extensions: 0xa3,
} as const;

/** 2.5.29.30 */
const NAME_CONSTRAINTS = tlv(TAG.oid, Buffer.from([0x55, 0x1d, 0x1e]));

const CRITICAL = tlv(TAG.boolean, Buffer.from([0xff]));

/** Top-level domain that never exists (RFC 2606): a list that permits nothing must not be empty, or it would permit everything. */
const NOTHING = 'invalid';

/**
 * The critical extension (DER) that limits an authority to these host names, their subdomains, and these IP addresses. No e-mail address and no URI
 * is permitted.
 */
export function nameConstraints(names: readonly string[]): Buffer {
  const hosts = names.filter((name) => isIP(name) === 0);
  const addresses = names.filter((name) => isIP(name) !== 0).map(bytesOf);
  const permitted = [
    ...(hosts.length === 0 ? [NOTHING] : hosts).map((host) => subtree(TAG.dns, Buffer.from(host))),
    subtree(TAG.email, Buffer.from(NOTHING)),
    subtree(TAG.uri, Buffer.from(NOTHING)),
    ...addresses.map((bytes) => subtree(TAG.ip, bytes, Buffer.alloc(bytes.length, 0xff))),
  ];
  // 0.0.0.0/0 and ::/0
  const excluded = addresses.length > 0 ? [] : [8, 32].map((length) => subtree(TAG.ip, Buffer.alloc(length)));
  const value = tlv(
    TAG.sequence,
    tlv(TAG.permitted, ...permitted),
    ...(excluded.length === 0 ? [] : [tlv(TAG.excluded, ...excluded)]),
  );
  return tlv(TAG.sequence, NAME_CONSTRAINTS, CRITICAL, tlv(TAG.octets, value));
}

/** `none`: the authority may sign for any name, as those of earlier versions. */
export function constraintsOf(pem: string, names: readonly string[]): 'these names' | 'other names' | 'none' {
  const found = extensionsOf(new X509Certificate(pem).raw).filter((one) =>
    contentsOf(one).subarray(0, NAME_CONSTRAINTS.length).equals(NAME_CONSTRAINTS),
  );
  if (found.length === 0) return 'none';
  return found.length === 1 && found[0]?.equals(nameConstraints(names)) === true ? 'these names' : 'other names';
}

/** The extensions of a certificate that X509Certificate has parsed: Certificate › TBSCertificate › [3] › SEQUENCE. */
function extensionsOf(der: Buffer): readonly Buffer[] {
  const [unsigned] = elements(contentsOf(der));
  const tagged = unsigned && elements(contentsOf(unsigned)).find((one) => one[0] === TAG.extensions);
  return tagged ? elements(contentsOf(contentsOf(tagged))) : [];
}

function subtree(tag: number, ...bytes: readonly Buffer[]): Buffer {
  return tlv(TAG.sequence, tlv(tag, ...bytes));
}

function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(content.length)]), content]);
}

/** DER: the shortest form. No content here needs more than two bytes. */
function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length];
  return length <= 0xff ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

function elements(content: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let rest = content; rest.length > 0;) {
    const { start, length } = sizeOf(rest);
    found.push(rest.subarray(0, start + length));
    rest = rest.subarray(start + length);
  }
  return found;
}

function contentsOf(element: Buffer): Buffer {
  const { start, length } = sizeOf(element);
  return element.subarray(start, start + length);
}

function sizeOf(element: Buffer): { readonly start: number; readonly length: number } {
  const first = element[1] ?? 0;
  if (first < 0x80) return { start: 2, length: first };
  const bytes = first & 0x7f;
  return { start: 2 + bytes, length: element.readUIntBE(2, bytes) };
}

function bytesOf(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return Buffer.from([...head, ...zeros, ...tail].map((group) => group.padStart(4, '0')).join(''), 'hex');
}
