import { join } from 'node:path';
import type { CertificateFault, Part } from './server-certificate.ts';

/** The names of the parts, as in a Kubernetes Secret of type `kubernetes.io/tls` made by cert-manager. */
export const FILES: Readonly<Record<Part, string>> = { cert: 'tls.crt', key: 'tls.key', ca: 'ca.crt' };

/** Why a TLS directory cannot be used. */
export type TlsDirectoryProblem = { readonly dir: string } & (
  | CertificateFault
  | { readonly kind: 'incomplete'; readonly present: readonly string[]; readonly missing: readonly string[] }
  /** `code` is that of the system call: `EACCES`, `EISDIR`… */
  | { readonly kind: 'unreadable'; readonly file: string; readonly code: string }
  | { readonly kind: 'unwritable'; readonly code: string }
);

const RENEW = `remove ${FILES.cert}, ${FILES.key} and ${FILES.ca} to have fresh ones made`;

/** One sentence: what is wrong, where, and what to do. */
export function tlsDirectoryProblemText(problem: TlsDirectoryProblem): string {
  const { dir } = problem;
  if (problem.kind === 'incomplete') {
    const present = problem.present.join(' and ');
    return (
      `TLS directory ${dir} has ${present} but no ${problem.missing.join(' and no ')}: ` +
      `add what is missing, or remove ${present} to have fresh ones made.`
    );
  }
  if (problem.kind === 'unreadable') {
    return (
      `Cannot read ${join(dir, problem.file)} (${problem.code}): ` +
      `make it a file that this user may read, or name another directory with --tls-dir.`
    );
  }
  if (problem.kind === 'unwritable') {
    return (
      `TLS directory ${dir} holds no certificate, and none can be put there (${problem.code}): ` +
      `put tls.crt and tls.key there, make it writable, or name another directory with --tls-dir.`
    );
  }
  return certificateFaultText(dir, problem);
}

function certificateFaultText(dir: string, fault: CertificateFault): string {
  const path = (part: Part): string => join(dir, FILES[part]);
  switch (fault.kind) {
    case 'not-pem': {
      const block = fault.part === 'key' ? 'PRIVATE KEY' : 'CERTIFICATE';
      return `${path(fault.part)} is no PEM file with a ${block} block that can be parsed: replace it, or ${RENEW}.`;
    }
    case 'encrypted-key':
      return `${path('key')} is encrypted with a passphrase: store it decrypted, readable by this user alone.`;
    case 'key-mismatch':
      return `${path('key')} is not the private key of ${path('cert')}: take both from one source, or ${RENEW}.`;
    case 'other-authority':
      return `${path('cert')} was not issued by an authority in ${path('ca')}: take both from one source, or ${RENEW}.`;
    case 'expired':
      return `${path(fault.part)} expired at ${fault.since} (it is ${fault.at} now): replace it, or ${RENEW}.`;
    case 'not-yet-valid':
      return `${path(fault.part)} is valid only from ${fault.from} (it is ${fault.at} now): set the clock right, or ${RENEW}.`;
    case 'unusable':
      return `${path('cert')} and ${path('key')} cannot serve TLS (${fault.reason}): replace them, or ${RENEW}.`;
  }
}
