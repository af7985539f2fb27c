import { expect, test } from 'vitest';
import { type DirectoryFault, directoryFaultMessage } from '../../src/certificates/faults.ts';

const dir = 'certs';
const at = '2028-01-01T00:00:07.123Z';
const faults: readonly DirectoryFault[] = [
  { dir, kind: 'incomplete', present: ['ca.crt'], missing: ['tls.crt', 'tls.key'] },
  { dir, kind: 'unreadable', file: 'tls.key', code: 'EACCES' },
  { dir, kind: 'unwritable', code: 'EROFS' },
  { dir, kind: 'not-pem', part: 'cert' },
  { dir, kind: 'not-pem', part: 'key' },
  { dir, kind: 'encrypted-key' },
  { dir, kind: 'key-mismatch' },
  { dir, kind: 'other-authority' },
  { dir, kind: 'expired', part: 'cert', since: '2027-11-20T12:00:00.000Z', at },
  { dir, kind: 'not-yet-valid', part: 'ca', from: '2029-11-20T12:00:00.000Z', at },
  { dir, kind: 'unusable', reason: 'ee key too small' },
];

// The only place that holds these texts.
test('messages say what is wrong, where, and what to do', () => {
  expect(faults.map(directoryFaultMessage).join('\n')).toMatchInlineSnapshot(`
    "TLS directory certs has ca.crt but no tls.crt or tls.key: add what is missing, or remove ca.crt to have new files created
    cannot read certs/tls.key (EACCES): make it a file that this user can read, or choose another directory with --tls-dir
    TLS directory certs contains no certificate, and none can be written to it (EROFS): add tls.crt and tls.key, make it writable, or choose another directory with --tls-dir
    certs/tls.crt contains no valid CERTIFICATE block (PEM): replace it, or remove tls.crt, tls.key, ca.crt to have new files created
    certs/tls.key contains no valid PRIVATE KEY block (PEM): replace it, or remove tls.crt, tls.key, ca.crt to have new files created
    certs/tls.key is encrypted with a passphrase: store it decrypted, readable by this user only
    certs/tls.key is not the private key of certs/tls.crt: use files from the same source, or remove tls.crt, tls.key, ca.crt to have new files created
    certs/tls.crt was not issued by a valid CA in certs/ca.crt: use files from the same source, or remove tls.crt, tls.key, ca.crt to have new files created
    certs/tls.crt expired at 2027-11-20T12:00:00.000Z (it is now 2028-01-01T00:00Z): replace it, or remove tls.crt, tls.key, ca.crt to have new files created
    certs/ca.crt is not valid before 2029-11-20T12:00:00.000Z (it is now 2028-01-01T00:00Z): correct the clock of this machine, or remove tls.crt, tls.key, ca.crt to have new files created
    certs/tls.crt and certs/tls.key cannot serve TLS (ee key too small): replace them, or remove tls.crt, tls.key, ca.crt to have new files created"
  `);
});
