import { issueServerCertificate } from './issue.ts';
import type { ServerCertificate } from './server-certificate.ts';
import { type CertificateSource, CHECK_INTERVAL_MS } from './source.ts';

/** Issues a certificate for one host from an authority of its own. Both are valid for a year, are never stored and end with the process. */
export function issueForHost(host: string, at: Date): Promise<Required<ServerCertificate>> {
  return issueServerCertificate([host], at);
}

/** One certificate that nothing replaces. */
export function memorySource(certificate: ServerCertificate): CertificateSource {
  const state = { certificate, problem: undefined, changes: [], foreign: [], recheckAfterMs: CHECK_INTERVAL_MS };
  return { isShared: false, propagationMs: 0, reconcile: () => Promise.resolve(state) };
}
