import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { parseDate, shift } from './describe.ts';
import { faultMessage } from './fault-message.ts';
import { type KeyedCertificate, VALID_BEFORE } from './issue.ts';
import { certificateBlocks, findFault } from './server-certificate.ts';

/** What the replicas share: all of it is in one Secret. */
export interface AuthorityState {
  readonly leaf: KeyedCertificate;
  /** Signs leaves. */
  readonly authority: KeyedCertificate;
  /** Signs them as soon as every caller trusts it. */
  readonly next: KeyedCertificate | undefined;
  /** Whom callers are to trust, PEM each: the two above, and who signed what may still be served somewhere. */
  readonly trusted: readonly string[];
}

export type SecretData = Readonly<Record<string, string>>;

/** What a Secret turned out to hold. `authority`: of an unsound one, what can still sign. */
export type Reading =
  | { readonly kind: 'sound'; readonly state: AuthorityState }
  | {
      readonly kind: 'unsound';
      readonly why: string;
      readonly authority: KeyedCertificate | undefined;
      readonly trusted: readonly string[];
    };

/** The keys of a Secret of type `kubernetes.io/tls`, as cert-manager fills it, and `ca.key`: the authority's key, then the next one's. */
export function toSecret({ leaf, authority, next, trusted }: AuthorityState): SecretData {
  return {
    'tls.crt': leaf.cert,
    'tls.key': leaf.key,
    'ca.crt': trusted.join(''),
    'ca.key': authority.key + (next?.key ?? ''),
  };
}

/** Reads a Secret with suspicion: anybody may have been at it. An authority that has expired counts as not being there. */
export function fromSecret(data: SecretData, at: Date): Reading {
  const trusted = certificateBlocks(data['ca.crt'] ?? '').filter((cert) => isAuthority(cert, at));
  const [authority, next] = privateKeys(data['ca.key'] ?? '').flatMap((key) => {
    const cert = trusted.find((one) => fits(one, key.pem));
    return cert === undefined ? [] : [{ cert, key: key.pem }];
  });
  const leaf = { cert: data['tls.crt'] ?? '', key: data['tls.key'] ?? '' };
  const fault = findFault({ ...leaf, ca: trusted.join('') }, at);
  if (fault) return { kind: 'unsound', why: faultMessage(fault), authority, trusted };
  if (!authority) return { kind: 'unsound', why: 'ca.key holds no key of an authority in ca.crt', authority, trusted };
  return { kind: 'sound', state: { leaf, authority, next, trusted } };
}

/** The end of the second third of its life: what is left is for mending a renewal that does not work. */
export function renewalOf(cert: string): Date {
  const { validFrom, validTo } = new X509Certificate(cert);
  const until = parseDate(validTo);
  const made = shift(parseDate(validFrom), VALID_BEFORE);
  const from = made < until ? made : parseDate(validFrom);
  return shift(until, (from.getTime() - until.getTime()) / 3);
}

/** Whether the authority signed it, whatever the time. */
export function isSignedBy(cert: string, authority: KeyedCertificate): boolean {
  return new X509Certificate(cert).verify(new X509Certificate(authority.cert).publicKey);
}

/** Whether it answers to each of these names. */
export function answersTo(cert: string, names: readonly string[]): boolean {
  const parsed = new X509Certificate(cert);
  return names.every((name) => parsed.checkHost(name) !== undefined);
}

/** Whether two PEM texts are one certificate, however their lines are broken. */
export function isSame(cert: string, other: string): boolean {
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

function fits(cert: string, pem: string): boolean {
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(pem));
}

/** The elliptic ones: with another kind no leaf could be signed here. */
function privateKeys(pem: string): readonly { readonly pem: string; readonly key: KeyObject }[] {
  const blocks = pem.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      const key = createPrivateKey(block);
      return key.asymmetricKeyType === 'ec' ? [{ pem: `${block}\n`, key }] : [];
    } catch {
      return [];
    }
  });
}
