import { createPrivateKey, generateKeyPair, randomBytes, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { DAY, HOUR, shift } from './describe.ts';
import type { ServerCertificate } from './server-certificate.ts';
import { composeCertificate } from './x509.ts';

/** A caller whose clock is behind ours must not find the certificate to be of tomorrow. */
export const VALID_BEFORE = HOUR;

/** A certificate and its private key: PEM texts. */
export interface KeyedCertificate {
  readonly cert: string;
  readonly key: string;
}

/** From when, and for how long in milliseconds. */
export interface Term {
  readonly at: Date;
  readonly lifetime: number;
}

/** An authority of its own, with a name that no other has. */
export async function issueAuthority(purpose: string, term: Term): Promise<KeyedCertificate> {
  const key = await makeKey();
  const subject = `${purpose} ${randomBytes(4).toString('hex')}`;
  const cert = await composeCertificate({ subject, key, names: [], ...validity(term) }, { key });
  return { cert, key: pemOf(key) };
}

/** A certificate, signed by the authority, for a server that is called by these host names and IP addresses. */
export async function issueLeaf(
  authority: KeyedCertificate,
  names: readonly [string, ...string[]],
  term: Term,
): Promise<KeyedCertificate> {
  const key = await makeKey();
  const issuer = { key: createPrivateKey(authority.key), certificate: new X509Certificate(authority.cert) };
  const cert = await composeCertificate({ subject: names[0], key, names, ...validity(term) }, issuer);
  return { cert, key: pemOf(key) };
}

/**
 * Makes a fresh authority and, signed by it, a certificate; both end together. The authority's private key lives in this call only. Whoever
 * trusts `ca` thereby trusts this one leaf and nothing else, ever: there is no key lying about with which somebody could sign a certificate
 * for another name. The price is that a new leaf needs a new authority.
 */
export async function issueServerCertificate(
  names: readonly [string, ...string[]],
  at: Date,
): Promise<Required<ServerCertificate>> {
  const term = { at, lifetime: 365 * DAY };
  const authority = await issueAuthority('agent-injector local CA', term);
  return { ...(await issueLeaf(authority, names, term)), ca: authority.cert };
}

function validity({ at, lifetime }: Term): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: shift(at, -VALID_BEFORE), notAfter: shift(at, lifetime) };
}

async function makeKey(): Promise<ReturnType<typeof createPrivateKey>> {
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  return privateKey;
}

function pemOf(key: Awaited<ReturnType<typeof makeKey>>): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }));
}
