import { readOrCreateTlsDirectory } from './directory.ts';
import { directoryFaultMessage } from './faults.ts';
import type { ServerCertificate } from './server-certificate.ts';
import { type CertificateSource, CHECK_INTERVAL_MS, PROPAGATION_MS } from './source.ts';

/**
 * A TLS directory, read again on every check: a mounted Secret (cert-manager's, for example) or the local `certs/`. While its contents are
 * invalid, the last valid certificate stays in use. An empty directory is filled if possible.
 */
export function directorySource(dir: string): CertificateSource {
  let certificate: ServerCertificate | undefined;
  return {
    isShared: false,
    propagationMs: PROPAGATION_MS,
    reconcile: async (at) => {
      const opened = await readOrCreateTlsDirectory(dir, at);
      if (opened.ok) ({ certificate } = opened.value);
      return {
        certificate,
        problem: opened.ok ? undefined : directoryFaultMessage(opened.error),
        changes: opened.ok && opened.value.created ? [`created a CA and a certificate for localhost in ${dir}`] : [],
        foreign: [],
        recheckAfterMs: CHECK_INTERVAL_MS,
      };
    },
  };
}

/** One certificate that nothing replaces. It ends with the process. */
export function fixedSource(certificate: ServerCertificate): CertificateSource {
  const state = { certificate, problem: undefined, changes: [], foreign: [], recheckAfterMs: CHECK_INTERVAL_MS };
  return { isShared: false, propagationMs: 0, reconcile: () => Promise.resolve(state) };
}
