import { createPrivateKey, hkdfSync, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { LRUCache } from 'lru-cache';
import { errorMessage } from '../lib/error-message.ts';
import { parseDate } from './describe.ts';
import type { CertificateFault, Part } from './faults.ts';

/** Serving certificate, its private key, and the authorities that callers need to verify it: PEM texts. */
export interface ServerCertificate {
  /** The server's certificate, followed by its intermediates, if any. */
  readonly cert: string;
  readonly key: string;
  /** Authorities that callers verify `cert` with; not used by the server itself. */
  readonly ca?: string;
}

/** Returns the first fault that prevents the server from serving, or callers from trusting it, at the given time. */
export function findFault(certificate: ServerCertificate, at: Date): CertificateFault | undefined {
  const chain = parseCertificates(certificate.cert);
  const leaf = chain?.[0];
  if (!chain || !leaf) return { kind: 'not-pem', part: 'cert' };
  return trustFault(chain, certificate.ca, at) ?? dateFault(leaf, 'cert', at) ?? pairFault(leaf, certificate);
}

/** A server checks the same certificate every few seconds: while it is replaced, two. */
const pairFaults = new LRUCache<string, { readonly fault: CertificateFault | undefined }>({ max: 4 });

/** The faults that do not depend on the time, which take most of the CPU of a check. */
function pairFault(leaf: X509Certificate, certificate: ServerCertificate): CertificateFault | undefined {
  const pair = `${certificate.cert}\n${certificate.key}`;
  let known = pairFaults.get(pair);
  if (!known) {
    known = { fault: keyFault(leaf, certificate.key) ?? contextFault(certificate) };
    pairFaults.set(pair, known);
  }
  return known.fault;
}

/** True if callers that trust only these authorities accept the certificate at the given time. Its names are not checked. */
export function isTrusted(cert: string, authorities: string, at: Date): boolean {
  const chain = parseCertificates(cert);
  const leaf = chain?.[0];
  if (!chain || !leaf || dateFault(leaf, 'cert', at)) return false;
  const valid = (parseCertificates(authorities) ?? []).filter((one) => !dateFault(one, 'ca', at));
  return findAnchor(chain, valid) !== undefined;
}

export function parseCertificates(pem: string): readonly X509Certificate[] | undefined {
  try {
    return certificateBlocks(pem).map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

/** Bounds the work for a text that others wrote. A webhook configuration with three entries holds no larger caBundle. */
const MAX_CERTIFICATES = 256;

/** Splits a PEM text into its certificates, each unchanged and ending in a line break. Those beyond the limit are ignored. */
export function certificateBlocks(pem: string): readonly string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.slice(0, MAX_CERTIFICATES).map((block) => `${block}\n`);
}

function keyFault(leaf: X509Certificate, pem: string): CertificateFault | undefined {
  // Both formats of an encrypted key contain the word: "BEGIN ENCRYPTED PRIVATE KEY" and "Proc-Type: 4,ENCRYPTED".
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

function findAnchor(
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): X509Certificate | undefined {
  let [current, ...rest] = chain;
  while (current) {
    const child: X509Certificate = current;
    const anchor = authorities.find((authority) => child.raw.equals(authority.raw) || issued(child, authority));
    if (anchor) return anchor;
    // Each intermediate is used once, so that a cycle of cross-signed certificates ends.
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
    return { kind: 'unusable', reason: errorMessage(error) };
  }
}

/** 128 bits, as the API server accepts them in a path. */
const PATH_SECRET_BYTES = 16;

/**
 * The secret in the paths of the webhook port, derived from the key of the certificate: replicas that share a certificate share the secret, and it
 * is renewed with it. The key cannot be computed from it (HKDF, RFC 5869).
 */
export function pathSecretOf({ key }: Pick<ServerCertificate, 'key'>): string {
  const material = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' });
  return Buffer.from(hkdfSync('sha256', material, '', 'agent-injector webhook path', PATH_SECRET_BYTES)).toString(
    'hex',
  );
}
