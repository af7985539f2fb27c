import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { DAY, HOUR, shift } from '../../../src/certificates/describe.ts';
import {
  issueAuthority,
  issueLeaf,
  issueServerCertificate,
  type KeyedCertificate,
} from '../../../src/certificates/issue.ts';
import { constraintsOf } from '../../../src/certificates/x509/name-constraints.ts';
import { composeCertificate } from '../../../src/certificates/x509/certificate.ts';

// The names that the server issues its certificate for, and those of --tls-dir.
const NAMES = ['agent-injector.apm.svc', 'agent-injector.apm.svc.cluster.local', 'agent-injector.apm'] as const;
const LOCAL = ['localhost', '127.0.0.1', '::1'] as const;

// Issued now: the verifying side of a handshake uses the real clock.
const term = { at: new Date(), lifetime: DAY };
let authority: KeyedCertificate;
let local: KeyedCertificate;
beforeAll(async () => {
  [authority, local] = await Promise.all([issueAuthority('CA', NAMES, term), issueAuthority('CA', LOCAL, term)]);
});

/** The error of a caller that trusts the authority, or undefined. */
async function callFor(name: string, signer: KeyedCertificate, names: readonly string[] = [name]): Promise<unknown> {
  const [first = '', ...others] = names;
  const { cert, key } = await issueLeaf(signer, [first, ...others], term);
  const server = createServer({ cert, key }, (socket) => socket.end()).on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const socket = connect({ host: '127.0.0.1', port, ca: signer.cert, servername: /[:\d]$/.test(name) ? '' : name });
  try {
    await once(socket, 'secureConnect');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : error;
  } finally {
    socket.destroy();
    server.close();
  }
}

describe('an authority for the names of the Service', () => {
  test.each(NAMES)('signs for %s', async (name) => {
    expect(await callFor(name, authority, NAMES)).toBeUndefined();
  });

  test.each(['kubernetes.default.svc', 'agent-injector.apm.svc.evil.com', 'evil-agent-injector.apm.svc', '127.0.0.1'])(
    'does not sign for %s',
    async (name) => {
      expect(await callFor(name, authority)).toMatch(/(permitted|excluded) subtree violation/);
    },
  );
});

test('an authority for this machine signs for its local names, and for no others', async () => {
  expect(await callFor('localhost', local, LOCAL)).toBeUndefined();
  expect(await callFor('127.0.0.1', local, LOCAL)).toBeUndefined();
  expect(await callFor('kubernetes.default.svc', local)).toBe('permitted subtree violation');
});

describe('the limit of an authority', () => {
  test('is read back: these names, in this order', () => {
    expect(constraintsOf(authority.cert, NAMES)).toBe('these names');
    expect(constraintsOf(authority.cert, NAMES.slice(0, 2))).toBe('other names');
    expect(constraintsOf(authority.cert, LOCAL)).toBe('other names');
    expect(constraintsOf(local.cert, LOCAL)).toBe('these names');
  });

  test('is read whatever the length of its names', async () => {
    for (const length of [1, 60, 120, 200, 250]) {
      const names = [`${'a'.repeat(Math.min(length, 60))}.${'b.'.repeat(length)}svc`] as const;
      expect(constraintsOf((await issueAuthority('CA', names, term)).cert, names)).toBe('these names');
    }
  });

  test('is missing where an earlier version made the authority, and in a certificate of a server', async () => {
    const key = createPrivateKey(authority.key);
    const facts = { subject: 'old', key, names: [], notBefore: shift(term.at, -HOUR), notAfter: shift(term.at, DAY) };
    expect(constraintsOf(await composeCertificate({ role: 'authority', ...facts }, { key }), NAMES)).toBe('none');
    expect(constraintsOf((await issueServerCertificate(NAMES, term.at)).cert, NAMES)).toBe('none');
  });
});

describe.skipIf(spawnSync('openssl', ['version']).status !== 0)('openssl', () => {
  /** The output of `openssl verify -x509_strict` for a certificate with this subjectAltName. */
  function verify(signer: KeyedCertificate, subjectAltName: string): string {
    const dir = mkdtempSync(join(tmpdir(), 'agent-injector-constraints-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    writeFileSync(join(dir, 'ca.crt'), signer.cert);
    writeFileSync(join(dir, 'ca.key'), signer.key);
    const san = ['-addext', `subjectAltName=${subjectAltName}`, '-addext', 'basicConstraints=critical,CA:FALSE'];
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      'k',
      '-subj',
      '/O=x',
    ];
    const run = (...args: readonly string[]) => {
      const { stdout, stderr } = spawnSync('openssl', args, { cwd: dir, encoding: 'utf8' });
      return stdout + stderr;
    };
    run(...request, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-days', '1', ...san, '-out', 'tls.crt');
    return run('verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', 'ca.crt', 'tls.crt');
  }

  test.each([
    ['DNS:agent-injector.apm.svc', true],
    ['DNS:a.agent-injector.apm.svc', true],
    ['DNS:kubernetes.default.svc', false],
    ['DNS:agent-injector.apm.svc,DNS:kubernetes.default.svc', false],
    ['IP:10.0.0.1', false],
    ['IP:fd00::1', false],
    ['email:root@example.com', false],
    ['URI:spiffe://cluster.local/ns/kube-system', false],
  ])('verifies %s: %s', (name, expected) => {
    expect(verify(authority, name)).toMatch(
      expected ? /: OK\n$/ : /permitted subtree violation|excluded subtree violation/,
    );
  });

  test.each([
    ['DNS:localhost,IP:127.0.0.1,IP:::1', true],
    ['IP:10.0.0.1', false],
    ['IP:::2', false],
  ])('verifies %s for this machine: %s', (name, expected) => {
    expect(verify(local, name)).toMatch(expected ? /: OK\n$/ : /permitted subtree violation/);
  });

  test('shows the limit, critical', () => {
    const text = execFileSync('openssl', ['x509', '-noout', '-text'], { input: authority.cert, encoding: 'utf8' });
    expect(text).toMatch(/X509v3 Name Constraints: critical\n\s+Permitted:\n\s+DNS:agent-injector\.apm\.svc\n/);
    expect(new X509Certificate(authority.cert).ca).toBe(true);
  });
});
