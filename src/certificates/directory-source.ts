import { tlsDirectoryProblemText } from './directory-problem.ts';
import { openTlsDirectory } from './directory.ts';
import type { ServerCertificate } from './server-certificate.ts';
import { type CertificateSource, CHECK_INTERVAL_MS, SETTLE_MS } from './source.ts';

/**
 * A TLS directory, read again at each look: a mounted Secret (cert-manager's, say), or the local `certs/`. What is broken there is not taken,
 * and what was read before stays offered. An empty one is filled where it can be.
 */
export function directorySource(dir: string): CertificateSource {
  let last: ServerCertificate | undefined;
  return {
    isShared: false,
    settleMs: SETTLE_MS,
    evaluate: async (at) => {
      const opened = await openTlsDirectory(dir, at);
      if (opened.ok) last = opened.certificate;
      return {
        certificate: last,
        problem: opened.ok ? undefined : tlsDirectoryProblemText(opened.problem).replace(/\.$/, ''),
        news:
          opened.ok && opened.created ? [`made a certificate authority and a certificate for localhost in ${dir}`] : [],
        againInMs: CHECK_INTERVAL_MS,
      };
    },
  };
}
