import type Forge from 'node-forge';
import { createHash, createPublicKey, type KeyObject, randomBytes, sign, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { nameConstraints } from './name-constraints.ts';

/** Contents of a certificate to be composed. Keys are elliptic: signatures are ECDSA with SHA-256. */
export interface CertificateFacts {
  readonly subject: string;
  readonly key: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** An authority may sign servers but no further authorities. */
  readonly role: 'server' | 'authority';
  /** Host names and IP addresses: those of the server, or those that the authority may sign for. An authority without any may sign for all. */
  readonly names: readonly string[];
}

export interface Issuer {
  readonly key: KeyObject;
  /** Absent for a self-signed certificate. */
  readonly certificate?: X509Certificate;
}

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const;

// KeyUsage bits, preceded by the number of unused bits: keyCertSign and cRLSign; digitalSignature.
const CERT_SIGN = '\u0001\u0006';
const DIGITAL_SIGNATURE = '\u0007\u0080';

// Positions in a TBSCertificate that begins with its version.
const SUBJECT = 5;
const KEY = 6;

const SERIAL_BYTES = 16;

type Asn1 = Forge.asn1.Asn1;

/**
 * Composes a PEM certificate from node-forge's ASN.1 and Node's keys and signatures: node-forge has no elliptic curves, and Node cannot
 * compose certificates (docs/adr/0007-p256-leaf.md).
 */
export async function composeCertificate(facts: CertificateFacts, issuer: Issuer): Promise<string> {
  // Loaded on demand, and only these parts of node-forge: a server that finds a certificate composes none.
  const { default: asn1 } = await import('node-forge/lib/asn1.js');
  const { default: util } = await import('node-forge/lib/util.js');
  const der = new Der({ asn1, util });
  const key = asn1.fromDer(binary(createPublicKey(facts.key).export({ type: 'spki', format: 'der' })));
  const subject = der.name(facts.subject);
  const signing = issuer.certificate ? asn1.fromDer(binary(issuer.certificate.raw)) : undefined;
  const isAuthority = facts.role === 'authority';
  const issuerKey = signing ? at(at(signing, 0), KEY) : key;
  const extensions = [
    der.extension(OID.basicConstraints, der.sequence(isAuthority ? [der.true(), der.integer('\u0000')] : []), true),
    der.extension(OID.keyUsage, der.bits(isAuthority ? CERT_SIGN : DIGITAL_SIGNATURE), true),
    der.extension(OID.subjectKeyIdentifier, der.octets(keyIdentifier(key))),
    der.extension(OID.authorityKeyIdentifier, der.sequence([der.context(0, keyIdentifier(issuerKey))])),
    ...(isAuthority
      ? facts.names.length === 0
        ? []
        : [asn1.fromDer(binary(nameConstraints(facts.names)))]
      : [
          der.extension(OID.extKeyUsage, der.sequence([der.oid(OID.serverAuth)])),
          der.extension(OID.subjectAltName, der.sequence(facts.names.map((name) => der.host(name)))),
        ]),
  ];
  const algorithm = der.sequence([der.oid(OID.ecdsaWithSha256)]);
  const unsigned = der.sequence([
    der.context(0, [der.integer('\u0002')]),
    der.integer(serial()),
    algorithm,
    signing ? at(at(signing, 0), SUBJECT) : subject,
    der.sequence([der.time(facts.notBefore), der.time(facts.notAfter)]),
    subject,
    key,
    der.context(3, [der.sequence(extensions)]),
  ]);
  const signature = sign('sha256', Buffer.from(asn1.toDer(unsigned).getBytes(), 'binary'), issuer.key);
  const whole = asn1.toDer(der.sequence([unsigned, algorithm, der.bits(`\u0000${binary(signature)}`)])).getBytes();
  const lines = Buffer.from(whole, 'binary')
    .toString('base64')
    .replaceAll(/(.{64})(?=.)/g, '$1\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** Constructors for the ASN.1 types in a certificate. Bytes are strings of one character each, as in node-forge. */
class Der {
  readonly #asn1: typeof Forge.asn1;
  readonly #util: typeof Forge.util;

  constructor({ asn1, util }: Pick<typeof Forge, 'asn1' | 'util'>) {
    this.#asn1 = asn1;
    this.#util = util;
  }

  #universal(type: keyof typeof Forge.asn1.Type, value: string | Asn1[]): Asn1 {
    return this.#asn1.create(this.#asn1.Class.UNIVERSAL, this.#asn1.Type[type], Array.isArray(value), value);
  }

  sequence(items: readonly Asn1[]): Asn1 {
    return this.#universal('SEQUENCE', [...items]);
  }

  /** `[number]`: explicit tag for items, implicit for bytes. */
  context(number: number, value: string | Asn1[]): Asn1 {
    // A context-specific tag is any number, not one of the universal types.
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment
    return this.#asn1.create(this.#asn1.Class.CONTEXT_SPECIFIC, number, Array.isArray(value), value);
  }

  integer(bytes: string): Asn1 {
    return this.#universal('INTEGER', bytes);
  }

  true(): Asn1 {
    return this.#universal('BOOLEAN', '\u00FF');
  }

  bits(bytes: string): Asn1 {
    return this.#universal('BITSTRING', bytes);
  }

  octets(bytes: string): Asn1 {
    return this.#universal('OCTETSTRING', bytes);
  }

  oid(dotted: string): Asn1 {
    return this.#universal('OID', this.#asn1.oidToDer(dotted).getBytes());
  }

  name(commonName: string): Asn1 {
    const attribute = this.sequence([
      this.oid(OID.commonName),
      this.#universal('UTF8', this.#util.encodeUtf8(commonName)),
    ]);
    return this.sequence([this.#universal('SET', [attribute])]);
  }

  /** RFC 5280 4.1.2.5: two-digit years up to 2049, four digits from 2050. */
  time(moment: Date): Asn1 {
    return moment.getUTCFullYear() < 2050
      ? this.#universal('UTCTIME', this.#asn1.dateToUtcTime(moment))
      : this.#universal('GENERALIZEDTIME', this.#asn1.dateToGeneralizedTime(moment));
  }

  /** GeneralName: 2 is a DNS name, 7 an IP address. */
  host(name: string): Asn1 {
    return isIP(name) === 0 ? this.context(2, name) : this.context(7, this.#util.bytesFromIP(name));
  }

  extension(oid: string, value: Asn1, critical = false): Asn1 {
    const octets = this.octets(this.#asn1.toDer(value).getBytes());
    return this.sequence([this.oid(oid), ...(critical ? [this.true()] : []), octets]);
  }
}

/** RFC 5280 4.2.1.2, method 1: SHA-1 of the key's bits. Also used for issuers, since every authority is composed here. */
function keyIdentifier(key: Asn1): string {
  const bits = at(key, 1).value;
  // The first byte is the number of unused bits.
  const bytes = typeof bits === 'string' ? bits.slice(1) : '';
  return binary(createHash('sha1').update(Buffer.from(bytes, 'binary')).digest());
}

/** Serial numbers are signed integers: a first byte from 0x40 to 0x7f keeps them positive and of equal length. */
function serial(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return binary(bytes);
}

function at(parent: Asn1, index: number): Asn1 {
  const child = typeof parent.value === 'string' ? undefined : parent.value[index];
  if (child === undefined) throw new Error('the CA is not a well-formed certificate');
  return child;
}

function binary(bytes: Buffer): string {
  return bytes.toString('binary');
}
