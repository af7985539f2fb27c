import { generateKeyPair, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import type Forge from 'node-forge';
import { DAY, HOUR, shift } from './dates.ts';
import type { ServerCertificate } from './server-certificate.ts';

/** Authority and leaf end together: the authority's key is gone, so it can sign no successor. */
const VALID_FOR = 365 * DAY;
/** A caller whose clock is behind ours must not find the certificate to be of tomorrow. */
const VALID_BEFORE = HOUR;
const RSA_BITS = 2048;
const SERIAL_BYTES = 16;
const AUTHORITY_NAME = 'agent-injector local CA';

interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** Makes a fresh authority and, signed by it, a certificate for a server that is called by these host names and IP addresses. */
export async function issueServerCertificate(names: readonly string[], at: Date): Promise<Required<ServerCertificate>> {
  // Loaded here and not at the top: most starts find their certificates made, and should not pay for a library of 300 kB.
  const [{ default: forge }, authorityKeys, serverKeys] = await Promise.all([
    import('node-forge'),
    makeKeys(),
    makeKeys(),
  ]);
  // The authority's private key lives in this call only. Whoever trusts ca.crt thereby trusts this one leaf and nothing else, ever: there is
  // no key lying about with which somebody could sign a certificate for another name. The price is that a new leaf needs a new ca.crt.
  const authorityKey = forge.pki.privateKeyFromPem(authorityKeys.privateKey);
  const authority = draft(forge, authorityKeys, AUTHORITY_NAME, at);
  authority.setIssuer(authority.subject.attributes);
  authority.setExtensions([
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  authority.sign(authorityKey, forge.md.sha256.create());

  const server = draft(forge, serverKeys, names[0] ?? 'agent-injector', at);
  server.setIssuer(authority.subject.attributes);
  server.setExtensions([
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: authority.generateSubjectKeyIdentifier().getBytes() },
    { name: 'subjectAltName', altNames: names.map(alternativeName) },
  ]);
  server.sign(authorityKey, forge.md.sha256.create());

  return { cert: pemOf(forge, server), key: serverKeys.privateKey, ca: pemOf(forge, authority) };
}

/** By node, on its thread pool: forge would compute for 600 ms in which the process does nothing else. */
async function makeKeys(): Promise<KeyPair> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: RSA_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

function draft(forge: typeof Forge, keys: KeyPair, commonName: string, at: Date): Forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(keys.publicKey);
  certificate.serialNumber = randomSerial();
  certificate.validity.notBefore = shift(at, -VALID_BEFORE);
  certificate.validity.notAfter = shift(at, VALID_FOR);
  certificate.setSubject([{ name: 'commonName', value: commonName }]);
  return certificate;
}

/** A serial number is a signed integer: a first byte of 0x40 to 0x7f keeps it positive, and always the same length. */
function randomSerial(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes.toString('hex');
}

/** The numbers are those of GeneralName in RFC 5280: 2 is a DNS name, 7 an IP address. */
function alternativeName(name: string): object {
  return isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name };
}

function pemOf(forge: typeof Forge, certificate: Forge.pki.Certificate): string {
  return forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
}
