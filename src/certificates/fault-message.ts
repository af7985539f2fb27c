import { FILES } from './directory-problem.ts';
import type { CertificateFault } from './server-certificate.ts';

/** What is wrong, by the names that the parts have in a Secret: a sentence without its full stop. */
export function faultMessage(fault: CertificateFault): string {
  switch (fault.kind) {
    case 'not-pem':
      return `${FILES[fault.part]} holds nothing that is valid now and can be parsed`;
    case 'encrypted-key':
      return 'tls.key is encrypted';
    case 'key-mismatch':
      return 'tls.key is not the key of tls.crt';
    case 'other-authority':
      return 'tls.crt was not issued by a valid authority in ca.crt';
    case 'expired':
      return `${FILES[fault.part]} expired at ${fault.since}`;
    case 'not-yet-valid':
      return `${FILES[fault.part]} is valid only from ${fault.from}`;
    case 'unusable':
      return `tls.crt and tls.key cannot serve TLS (${fault.reason})`;
  }
}
