import { join } from 'node:path';

/** The three PEM texts of a serving certificate: the chain, its private key, the authorities that verify it. */
export type Part = 'cert' | 'key' | 'ca';

/** File names of the parts: the keys of a Kubernetes Secret of type `kubernetes.io/tls` as cert-manager fills it. */
export const FILES: Readonly<Record<Part, string>> = { cert: 'tls.crt', key: 'tls.key', ca: 'ca.crt' };

export type CertificateFault =
  | { readonly kind: 'not-pem'; readonly part: Part }
  | { readonly kind: 'encrypted-key' }
  | { readonly kind: 'key-mismatch' }
  | { readonly kind: 'other-authority' }
  | { readonly kind: 'expired'; readonly part: Part; readonly since: string; readonly at: string }
  | { readonly kind: 'not-yet-valid'; readonly part: Part; readonly from: string; readonly at: string }
  /** Well-formed, but rejected by the TLS library: the key is too short, or the digest too weak. */
  | { readonly kind: 'unusable'; readonly reason: string };

export type DirectoryFault = { readonly dir: string } & (
  | CertificateFault
  | { readonly kind: 'incomplete'; readonly present: readonly string[]; readonly missing: readonly string[] }
  /** `code` is that of the failed system call: `EACCES`, `EISDIR`… */
  | { readonly kind: 'unreadable'; readonly file: string; readonly code: string }
  | { readonly kind: 'unwritable'; readonly code: string }
);

export function faultMessage(fault: CertificateFault, nameOf = (part: Part): string => FILES[part]): string {
  switch (fault.kind) {
    case 'not-pem':
      return `${nameOf(fault.part)} contains no valid ${fault.part === 'key' ? 'PRIVATE KEY' : 'CERTIFICATE'} block (PEM)`;
    case 'encrypted-key':
      return `${nameOf('key')} is encrypted with a passphrase`;
    case 'key-mismatch':
      return `${nameOf('key')} is not the private key of ${nameOf('cert')}`;
    case 'other-authority':
      return `${nameOf('cert')} was not issued by a valid CA in ${nameOf('ca')}`;
    case 'expired':
      return `${nameOf(fault.part)} expired at ${fault.since} (it is now ${toMinute(fault.at)})`;
    case 'not-yet-valid':
      return `${nameOf(fault.part)} is not valid before ${fault.from} (it is now ${toMinute(fault.at)})`;
    case 'unusable':
      return `${nameOf('cert')} and ${nameOf('key')} cannot serve TLS (${fault.reason})`;
  }
}

const RECREATE = `remove ${Object.values(FILES).join(', ')} to have new files created`;

const remedies: Readonly<Record<CertificateFault['kind'], string>> = {
  'not-pem': `replace it, or ${RECREATE}`,
  'encrypted-key': 'store it decrypted, readable by this user only',
  'key-mismatch': `use files from the same source, or ${RECREATE}`,
  'other-authority': `use files from the same source, or ${RECREATE}`,
  expired: `replace it, or ${RECREATE}`,
  'not-yet-valid': `correct the clock of this machine, or ${RECREATE}`,
  unusable: `replace them, or ${RECREATE}`,
};

/** Describes what is wrong, where, and what to do, in one sentence without its full stop. */
export function directoryFaultMessage(fault: DirectoryFault): string {
  const { dir } = fault;
  if (fault.kind === 'incomplete') {
    const present = fault.present.join(' and ');
    const missing = fault.missing.join(' or ');
    return `TLS directory ${dir} has ${present} but no ${missing}: add what is missing, or remove ${present} to have new files created`;
  }
  if (fault.kind === 'unreadable')
    return `cannot read ${join(dir, fault.file)} (${fault.code}): make it a file that this user can read, or choose another directory with --tls-dir`;
  if (fault.kind === 'unwritable')
    return `TLS directory ${dir} contains no certificate, and none can be written to it (${fault.code}): add tls.crt and tls.key, make it writable, or choose another directory with --tls-dir`;
  return `${faultMessage(fault, (part) => join(dir, FILES[part]))}: ${remedies[fault.kind]}`;
}

/** ISO 8601 cut to the minute: a message that changes every second is logged every time. */
function toMinute(moment: string): string {
  return moment.replace(/:\d\d\.\d+Z$/, 'Z');
}
