import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { parseDate } from './describe.ts';

/** What an HTTPS server needs, and what its callers need to trust it: PEM texts. */
export interface ServerCertificate {
  /** The server's certificate, then its intermediates, if any. */
  readonly cert: string;
  readonly key: string;
  /** The authorities by which callers verify `cert`; the server itself has no use for it. */
  readonly ca?: string;
}

export type Part = keyof ServerCertificate;

/** What can be wrong with the three texts themselves, wherever they came from. */
export type CertificateFault =
  | { readonly kind: 'not-pem'; readonly part: Part }
  | { readonly kind: 'encrypted-key' }
  | { readonly kind: 'key-mismatch' }
  | { readonly kind: 'other-authority' }
  | { readonly kind: 'expired'; readonly part: Part; readonly since: string; readonly at: string }
  | { readonly kind: 'not-yet-valid'; readonly part: Part; readonly from: string; readonly at: string }
  /** Sound in itself, but the TLS library will not serve with it: a key too short, a digest too weak. */
  | { readonly kind: 'unusable'; readonly reason: string };

/** The first fault that would keep the server from serving, or its callers from trusting it, at that moment. */
export function findFault(certificate: ServerCertificate, at: Date): CertificateFault | undefined {
  const chain = parseCertificates(certificate.cert);
  const leaf = chain?.[0];
  if (!chain || !leaf) return { kind: 'not-pem', part: 'cert' };
  return (
    keyFault(leaf, certificate.key) ??
    trustFault(chain, certificate.ca, at) ??
    dateFault(leaf, 'cert', at) ??
    contextFault(certificate)
  );
}

/**
 * Whether callers who trust these authorities, and nothing else, take the certificate at that moment. By which name they call is another
 * question.
 */
export function isTrusted(cert: string, authorities: string, at: Date): boolean {
  const chain = parseCertificates(cert);
  const leaf = chain?.[0];
  if (!chain || !leaf || dateFault(leaf, 'cert', at)) return false;
  const valid = (parseCertificates(authorities) ?? []).filter((one) => !dateFault(one, 'ca', at));
  return findAnchor(chain, valid) !== undefined;
}

/** The certificates in a PEM text; undefined when one of them cannot be parsed. */
export function parseCertificates(pem: string): readonly X509Certificate[] | undefined {
  try {
    return certificateBlocks(pem).map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

/** Each certificate in a PEM text, as it stands there, and ending in a line break. */
export function certificateBlocks(pem: string): readonly string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => `${block}\n`);
}

function keyFault(leaf: X509Certificate, pem: string): CertificateFault | undefined {
  // Both forms of an encrypted key say so: "BEGIN ENCRYPTED PRIVATE KEY" and "Proc-Type: 4,ENCRYPTED".
  if (pem.includes('ENCRYPTED')) return { kind: 'encrypted-key' };
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    return { kind: 'not-pem', part: 'key' };
  }
  return leaf.checkPrivateKey(key) ? undefined : { kind: 'key-mismatch' };
}

function trustFault(chain: readonly X509Certificate[], ca: string | undefined, at: Date): CertificateFault | undefined {
  if (ca === undefined) return undefined;
  const authorities = parseCertificates(ca);
  if (!authorities || authorities.length === 0) return { kind: 'not-pem', part: 'ca' };
  const anchor = findAnchor(chain, authorities);
  return anchor ? dateFault(anchor, 'ca', at) : { kind: 'other-authority' };
}

/** Climbs from the leaf by way of the intermediates to the first certificate that is, or was signed by, one of the authorities. */
function findAnchor(
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): X509Certificate | undefined {
  let [current, ...rest] = chain;
  while (current) {
    const child: X509Certificate = current;
    const anchor = authorities.find((authority) => child.raw.equals(authority.raw) || issued(child, authority));
    if (anchor) return anchor;
    // A certificate is climbed to once only: a ring of cross-signed ones has an end.
    current = rest.find((candidate) => issued(child, candidate));
    rest = rest.filter((candidate) => candidate !== current);
  }
  return undefined;
}

function issued(child: X509Certificate, issuer: X509Certificate): boolean {
  return child.checkIssued(issuer) && child.verify(issuer.publicKey);
}

function dateFault(certificate: X509Certificate, part: Part, at: Date): CertificateFault | undefined {
  const from = parseDate(certificate.validFrom);
  const until = parseDate(certificate.validTo);
  if (at < from) return { kind: 'not-yet-valid', part, from: from.toISOString(), at: at.toISOString() };
  if (at > until) return { kind: 'expired', part, since: until.toISOString(), at: at.toISOString() };
  return undefined;
}

function contextFault({ cert, key }: ServerCertificate): CertificateFault | undefined {
  try {
    createSecureContext({ cert, key });
    return undefined;
  } catch (error) {
    return { kind: 'unusable', reason: error instanceof Error ? error.message : String(error) };
  }
}
