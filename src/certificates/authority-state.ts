import { createPrivateKey, X509Certificate } from 'node:crypto';
import { parseDate, shift } from './describe.ts';
import { faultMessage } from './faults.ts';
import { BACKDATED_MS, type KeyedCertificate } from './issue.ts';
import { certificateBlocks, findFault } from './server-certificate.ts';

export interface AuthorityState {
  readonly leaf: KeyedCertificate;
  readonly authority: KeyedCertificate;
  /** Signs certificates as soon as every caller trusts it. */
  readonly next: KeyedCertificate | undefined;
  /** Authorities (PEM) that callers should trust: the two above, and those whose certificates may still be served by a replica. */
  readonly trusted: readonly string[];
}

/** Certificates in `ca.crt`: replicas store two, and for a while those that may still be served. More are not theirs. */
const MAX_AUTHORITIES = 16;

/** Of the four texts together. Replicas store 16 KiB at most. */
const MAX_CHARACTERS = 64 * 1024;

export type SecretData = Readonly<Record<string, string>>;

/** Contents of a Secret. Of an invalid one, `authority` is what can still sign. */
export type ParsedSecret =
  | { readonly kind: 'valid'; readonly state: AuthorityState }
  | {
      readonly kind: 'invalid';
      readonly reason: string;
      readonly authority: KeyedCertificate | undefined;
      readonly trusted: readonly string[];
    };

const SECRET_KEYS = ['tls.crt', 'tls.key', 'ca.crt', 'ca.key'] as const;

/** The keys of a Secret of type `kubernetes.io/tls`, as cert-manager fills it, and `ca.key`: the authority's key, followed by the next one's. */
export function secretData({ leaf, authority, next, trusted }: AuthorityState): SecretData {
  return {
    'tls.crt': leaf.cert,
    'tls.key': leaf.key,
    'ca.crt': trusted.join(''),
    'ca.key': authority.key + (next?.key ?? ''),
  };
}

/** Parses a Secret, which may have been edited by hand. Expired authorities are ignored. */
export function parseSecret(data: SecretData, at: Date): ParsedSecret {
  const size = SECRET_KEYS.reduce((sum, key) => sum + (data[key]?.length ?? 0), 0);
  if (size > MAX_CHARACTERS)
    return {
      kind: 'invalid',
      reason: `it has more than ${MAX_CHARACTERS / 1024} KiB`,
      authority: undefined,
      trusted: [],
    };
  const stored = certificateBlocks(data['ca.crt'] ?? '');
  const trusted = stored.slice(0, MAX_AUTHORITIES).filter((cert) => isAuthority(cert, at));
  const [authority, next] = privateKeys(data['ca.key'] ?? '').flatMap((key) => {
    const cert = trusted.find((one) => new X509Certificate(one).checkPrivateKey(createPrivateKey(key)));
    return cert === undefined ? [] : [{ cert, key }];
  });
  const leaf = { cert: data['tls.crt'] ?? '', key: data['tls.key'] ?? '' };
  const invalid = (reason: string): ParsedSecret => ({ kind: 'invalid', reason, authority, trusted });
  const excess = [data['ca.crt'], leaf.cert].find((text = '') => certificateBlocks(text).length > MAX_AUTHORITIES);
  if (excess !== undefined)
    return invalid(`${excess === leaf.cert ? 'tls.crt' : 'ca.crt'} contains more than ${MAX_AUTHORITIES} certificates`);
  const fault = findFault({ ...leaf, ca: trusted.join('') }, at);
  if (fault) return invalid(faultMessage(fault));
  if (!authority) return invalid('ca.key contains no key of a CA in ca.crt');
  return { kind: 'valid', state: { leaf, authority, next, trusted } };
}

/** Time at which to renew: after two thirds of the lifetime. The last third is left for fixing a renewal that fails. */
export function renewalTime(cert: string): Date {
  const { validFrom, validTo } = new X509Certificate(cert);
  const until = parseDate(validTo);
  const made = shift(parseDate(validFrom), BACKDATED_MS);
  const from = made < until ? made : parseDate(validFrom);
  return shift(until, (from.getTime() - until.getTime()) / 3);
}

/** True if the certificate is valid for longer than one that is made now. Clocks differ by less than certificates are backdated. */
export function isTooLong(cert: string, at: Date, lifetime: number): boolean {
  return parseDate(new X509Certificate(cert).validTo) > shift(at, lifetime + BACKDATED_MS);
}

/** Drops the authorities that are needed least, so that replicas read what they store. */
export function limitTrusted(state: AuthorityState): AuthorityState {
  const { leaf, authority, next, trusted } = state;
  if (trusted.length <= MAX_AUTHORITIES) return state;
  const isNeeded = (cert: string): boolean =>
    cert === authority.cert || cert === next?.cert || isSignedBy(leaf.cert, { cert });
  const others = trusted.filter((cert) => !isNeeded(cert));
  const kept = new Set(others.slice(trusted.length - MAX_AUTHORITIES));
  return { ...state, trusted: trusted.filter((cert) => isNeeded(cert) || kept.has(cert)) };
}

/** True if the authority signed the certificate; validity dates are not checked. */
export function isSignedBy(cert: string, authority: Pick<KeyedCertificate, 'cert'>): boolean {
  return new X509Certificate(cert).verify(new X509Certificate(authority.cert).publicKey);
}

export function coversNames(cert: string, names: readonly string[]): boolean {
  const parsed = new X509Certificate(cert);
  return names.every((name) => parsed.checkHost(name) !== undefined);
}

/** True if two PEM texts are the same certificate, whatever their line breaks. */
export function isSameCertificate(cert: string, other: string): boolean {
  return new X509Certificate(cert).raw.equals(new X509Certificate(other).raw);
}

export function isAuthority(cert: string, at: Date): boolean {
  try {
    const { ca, validFrom, validTo } = new X509Certificate(cert);
    return ca && at >= parseDate(validFrom) && at <= parseDate(validTo);
  } catch {
    return false;
  }
}

/** The elliptic keys: with any other kind, no certificate can be signed here. */
function privateKeys(pem: string): readonly string[] {
  const blocks = pem.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/g) ?? [];
  return blocks.map((block) => `${block}\n`).filter(isEllipticKey);
}

function isEllipticKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'ec';
  } catch {
    return false;
  }
}
