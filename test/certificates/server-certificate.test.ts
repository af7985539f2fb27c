import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';
import { beforeAll, describe, expect, test } from 'vitest';
import { issueServerCertificate } from '../../src/certificates/issue.ts';
import { parseWebhookPath, webhookPath } from '../../src/api/paths.ts';
import { findFault, pathSecretOf, type ServerCertificate } from '../../src/certificates/server-certificate.ts';

const at = new Date('2026-11-20T12:00:00Z');
let good: Required<ServerCertificate>;
let other: Required<ServerCertificate>;

beforeAll(async () => {
  [good, other] = await Promise.all([
    issueServerCertificate(['localhost'], at),
    issueServerCertificate(['localhost'], at),
  ]);
});

/** A certificate as a company's own authority might issue it: signed by `issuer`, or self-signed. */
function sign(subject: string, keys: Keys, issuer?: { readonly subject: string; readonly keys: Keys }): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(keys.publicKey);
  certificate.serialNumber = '01';
  certificate.validity.notBefore = new Date('2026-01-01T00:00:00Z');
  certificate.validity.notAfter = new Date('2028-01-01T00:00:00Z');
  certificate.setSubject([{ name: 'commonName', value: subject }]);
  certificate.setIssuer([{ name: 'commonName', value: issuer?.subject ?? subject }]);
  certificate.setExtensions([{ name: 'basicConstraints', cA: subject !== 'leaf' }]);
  certificate.sign(forge.pki.privateKeyFromPem((issuer?.keys ?? keys).privateKey), forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}

interface Keys {
  readonly publicKey: string;
  readonly privateKey: string;
}

function makeKeys(modulusLength = 2048): Keys {
  return generateKeyPairSync('rsa', {
    modulusLength,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

describe('a serving certificate', () => {
  test('without a fault is accepted, with or without ca', () => {
    expect(findFault(good, at)).toBeUndefined();
    expect(findFault({ cert: good.cert, key: good.key }, at)).toBeUndefined();
  });

  test.each([
    ['cert', '-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n'],
    ['cert', 'text'],
    ['cert', ''],
    ['key', 'text'],
    ['ca', 'text'],
  ] as const)('must be PEM: %s = %j', (part, text) => {
    expect(findFault({ ...good, [part]: text }, at)).toEqual({ kind: 'not-pem', part });
  });

  test('must match its key', () => {
    expect(findFault({ ...good, key: other.key }, at)).toEqual({ kind: 'key-mismatch' });
  });

  test.each(['pkcs8', 'sec1'] as const)('must have a key without a passphrase (%s)', (type) => {
    const key = createPrivateKey(good.key)
      .export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
      .toString();
    expect(findFault({ ...good, key }, at)).toEqual({ kind: 'encrypted-key' });
  });

  test('must be issued by an authority in ca', () => {
    expect(findFault({ ...good, ca: other.ca }, at)).toEqual({ kind: 'other-authority' });
    expect(findFault({ ...good, ca: other.ca + good.ca }, at)).toBeUndefined();
  });

  test('must have a key that TLS accepts', () => {
    const keys = makeKeys(512);
    expect(findFault({ cert: sign('leaf', keys), key: keys.privateKey }, at)).toMatchObject({
      kind: 'unusable',
      reason: expect.stringContaining('too small'),
    });
  });
});

describe('validity', () => {
  const range = { from: '2026-11-20T11:00:00.000Z', since: '2027-11-20T12:00:00.000Z' };

  test.each([
    ['2026-11-20T11:00:00.000Z', undefined],
    ['2027-11-20T12:00:00.000Z', undefined],
    ['2026-11-20T10:59:59.999Z', { kind: 'not-yet-valid', part: 'cert', from: range.from }],
    ['2027-11-20T12:00:00.001Z', { kind: 'expired', part: 'cert', since: range.since }],
  ])('at %s', (moment, fault) => {
    expect(findFault({ cert: good.cert, key: good.key }, new Date(moment))).toEqual(fault && { ...fault, at: moment });
  });

  test('an expired authority is a fault', () => {
    const moment = new Date('2027-11-20T12:00:01Z');
    expect(findFault(good, moment)).toMatchObject({ kind: 'expired', part: 'ca', since: range.since });
  });
});

describe('a chain', () => {
  const root = makeKeys();
  const middle = makeKeys();
  const leaf = makeKeys();
  const rootCert = sign('root', root);
  const middleCert = sign('middle', middle, { subject: 'root', keys: root });
  const leafCert = sign('leaf', leaf, { subject: 'middle', keys: middle });
  const key = leaf.privateKey;

  test.each([
    ['through an intermediate to the root', leafCert + middleCert, rootCert],
    ['to the intermediate, if that is trusted itself', leafCert, middleCert],
    ['with the root included', leafCert + middleCert + rootCert, rootCert],
    ['with the intermediates in disorder', leafCert + rootCert + middleCert, rootCert],
  ])('leads %s', (_, cert, ca) => {
    expect(findFault({ cert, key, ca }, at)).toBeUndefined();
  });

  test('without its intermediate is not trusted', () => {
    expect(findFault({ cert: leafCert, key, ca: rootCert }, at)).toEqual({ kind: 'other-authority' });
  });

  test('of one self-signed certificate is its own authority', () => {
    const cert = sign('leaf', leaf);
    expect(findFault({ cert, key, ca: cert }, at)).toBeUndefined();
  });
});

test('the secret of the path follows from the key alone, whatever its PEM looks like', () => {
  const secret = pathSecretOf(good);
  expect(parseWebhookPath(webhookPath({ required: false, secret }))).toEqual({ required: false, secret });
  expect(pathSecretOf({ key: good.key.replaceAll('\n', '\r\n') })).toBe(secret);
  expect(pathSecretOf(other)).not.toBe(secret);
});
