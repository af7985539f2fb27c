import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY } from '../../src/certificates/describe.ts';
import { issueAuthority, issueLeaf, issueServerCertificate } from '../../src/certificates/issue.ts';
import { findFault, type ServerCertificate } from '../../src/certificates/server-certificate.ts';

const at = new Date('2026-11-20T12:00:00Z');
const names = ['localhost', '127.0.0.1', '::1', 'agent-injector.apm.svc'] as const;
let issued: Required<ServerCertificate>;
let leaf: X509Certificate;
let authority: X509Certificate;

beforeAll(async () => {
  issued = await issueServerCertificate(names, at);
  leaf = new X509Certificate(issued.cert);
  authority = new X509Certificate(issued.ca);
});

/** Connects as a caller that trusts only ca.crt. */
async function handshake(host: string, servername?: string): Promise<TLSSocket> {
  // Issued now: the verifying side of a handshake uses the real clock.
  const fresh = await issueServerCertificate(names, new Date());
  const server = createServer({ cert: fresh.cert, key: fresh.key }, (socket) => socket.end());
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  try {
    const socket = connect({ host, port, ca: fresh.ca, rejectUnauthorized: true, ...(servername && { servername }) });
    await once(socket, 'secureConnect');
    socket.destroy();
    return socket;
  } finally {
    server.close();
  }
}

describe('a new certificate', () => {
  test.each([
    ['localhost', undefined],
    ['127.0.0.1', undefined],
    ['127.0.0.1', 'agent-injector.apm.svc'],
  ])('is trusted by a caller of %s (server name %s) that trusts ca.crt', async (host, servername) => {
    expect((await handshake(host, servername)).authorized).toBe(true);
  });

  test('is not trusted under another name', async () => {
    await expect(handshake('127.0.0.1', 'agent-injector.other.svc')).rejects.toThrow('does not match');
  });

  test('is signed by its authority', () => {
    expect(leaf.checkIssued(authority)).toBe(true);
    expect(leaf.verify(authority.publicKey)).toBe(true);
    expect(authority.ca).toBe(true);
    expect(leaf.ca).toBe(false);
    for (const { publicKey } of [leaf, authority]) {
      expect(publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    }
  });

  test('names its hosts, including the IPv6 loopback', () => {
    expect(leaf.subjectAltName).toBe(
      'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:agent-injector.apm.svc',
    );
  });

  test('is backdated by an hour and valid for a year', () => {
    for (const certificate of [leaf, authority]) {
      expect(new Date(certificate.validFrom)).toEqual(new Date('2026-11-20T11:00:00Z'));
      expect(new Date(certificate.validTo)).toEqual(new Date('2027-11-20T12:00:00Z'));
    }
  });

  test('has a unique positive serial number of 16 bytes', () => {
    for (const { serialNumber } of [leaf, authority]) expect(serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(leaf.serialNumber).not.toBe(authority.serialNumber);
  });

  test('contains only one private key', () => {
    expect(
      Object.values(issued)
        .join('')
        .match(/PRIVATE KEY-----\n[^-]/g),
    ).toHaveLength(1);
  });
});

describe.skipIf(spawnSync('openssl', ['version']).status !== 0)('openssl', () => {
  let dir: string;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'agent-injector-openssl-'));
    writeFileSync(join(dir, 'tls.crt'), issued.cert);
    writeFileSync(join(dir, 'ca.crt'), issued.ca);
  });
  afterAll(() => {
    rmSync(dir, { recursive: true });
  });

  const openssl = (...args: readonly string[]): string => execFileSync('openssl', args, { cwd: dir, encoding: 'utf8' });
  const seconds = String(at.getTime() / 1000);

  test('verifies it strictly as a server certificate, by name and by address', () => {
    const verify = ['verify', '-x509_strict', '-purpose', 'sslserver', '-attime', seconds, '-CAfile', 'ca.crt'];
    expect(openssl(...verify, '-verify_hostname', 'localhost', 'tls.crt')).toBe('tls.crt: OK\n');
    expect(openssl(...verify, '-verify_ip', '127.0.0.1', 'tls.crt')).toBe('tls.crt: OK\n');
    expect(openssl(...verify, '-verify_ip', '::1', 'tls.crt')).toBe('tls.crt: OK\n');
  });

  test('finds the required extensions', () => {
    const text = openssl('x509', '-in', 'tls.crt', '-noout', '-text');
    expect(text).toContain('Signature Algorithm: ecdsa-with-SHA256');
    expect(text).toMatch(/Basic Constraints: critical\n\s+CA:FALSE/);
    expect(text).toMatch(/Key Usage: critical\n\s+Digital Signature\n/);
    expect(text).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication/);
    const keyId = (pem: string, name: string): string | undefined =>
      new RegExp(`X509v3 ${name} Key Identifier:\\s+(?:keyid:)?([0-9A-F:]{59})`).exec(
        openssl('x509', '-in', pem, '-noout', '-text'),
      )?.[1];
    expect(keyId('tls.crt', 'Subject')).toBeDefined();
    expect(keyId('tls.crt', 'Authority')).toBe(keyId('ca.crt', 'Subject'));
    expect(openssl('x509', '-in', 'ca.crt', '-noout', '-text')).toMatch(
      /Basic Constraints: critical\n\s+CA:TRUE, pathlen:0/,
    );
  });
});

describe('an authority', () => {
  test('signs for any lifetime, past the year 2050 too, and under a name beyond ASCII', async () => {
    const made = await issueAuthority('앱 CA', ['localhost'], { at, lifetime: 30 * 365 * DAY });
    const short = await issueLeaf(made, ['localhost'], { at, lifetime: 1000 });
    const [parsed, signed] = [new X509Certificate(made.cert), new X509Certificate(short.cert)];
    expect(parsed.subject).toMatch(/^CN=앱 CA [0-9a-f]{8}$/);
    expect(signed.issuer).toBe(parsed.subject);
    expect(parsed.validTo).toBe('Nov 12 12:00:00 2056 GMT');
    expect(signed.validTo).toBe('Nov 20 12:00:01 2026 GMT');
    expect(parsed.verify(parsed.publicKey) && signed.verify(parsed.publicKey)).toBe(true);
  });

  test('is well-formed, 200 times', async () => {
    // The first bit of a signature or serial number affects its length.
    const all = await Promise.all(Array.from({ length: 200 }, async () => issueServerCertificate(['localhost'], at)));
    expect(all.map((one) => findFault(one, at))).toEqual(all.map(() => undefined));
  });
});
