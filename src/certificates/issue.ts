import { createPrivateKey, generateKeyPair, randomBytes, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { DAY, HOUR, shift } from './describe.ts';
import type { ServerCertificate } from './server-certificate.ts';
import { composeCertificate } from './x509/certificate.ts';

/** Certificates are backdated by this much, in ms, for callers whose clocks are behind ours. */
export const BACKDATED_MS = HOUR;

export interface KeyedCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface Term {
  readonly at: Date;
  /** In ms. */
  readonly lifetime: number;
}

/** The authority can sign for these names and their subdomains only. */
export async function issueAuthority(
  purpose: string,
  names: readonly [string, ...string[]],
  term: Term,
): Promise<KeyedCertificate> {
  const key = await makeKey();
  const subject = `${purpose} ${randomBytes(4).toString('hex')}`;
  const cert = await composeCertificate({ role: 'authority', subject, key, names, ...validity(term) }, { key });
  return { cert, key: toPem(key) };
}

export async function issueLeaf(
  authority: KeyedCertificate,
  names: readonly [string, ...string[]],
  term: Term,
): Promise<KeyedCertificate> {
  const key = await makeKey();
  const issuer = { key: createPrivateKey(authority.key), certificate: new X509Certificate(authority.cert) };
  const cert = await composeCertificate({ role: 'server', subject: names[0], key, names, ...validity(term) }, issuer);
  return { cert, key: toPem(key) };
}

/**
 * Issues a server certificate from a new authority with the same lifetime. The authority's private key is discarded, so trusting `ca` means
 * trusting this one certificate: there is no key that could sign another. The price is that a new certificate needs a new authority.
 */
export async function issueServerCertificate(
  names: readonly [string, ...string[]],
  at: Date,
): Promise<Required<ServerCertificate>> {
  const term = { at, lifetime: 365 * DAY };
  const authority = await issueAuthority('agent-injector local CA', names, term);
  return { ...(await issueLeaf(authority, names, term)), ca: authority.cert };
}

/** Issues a certificate for one host, as `issueServerCertificate` does for several names. */
export function issueForHost(host: string, at: Date): Promise<Required<ServerCertificate>> {
  return issueServerCertificate([host], at);
}

function validity({ at, lifetime }: Term): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: shift(at, -BACKDATED_MS), notAfter: shift(at, lifetime) };
}

async function makeKey(): Promise<ReturnType<typeof createPrivateKey>> {
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  return privateKey;
}

function toPem(key: Awaited<ReturnType<typeof makeKey>>): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }));
}
