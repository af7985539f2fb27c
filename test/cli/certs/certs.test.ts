import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { certsResult } from '../../../src/cli/certs/certs.ts';
import { certificateReport } from '../../../src/cli/certs/report.ts';
import { outputText } from '../../../src/cli/program/output.ts';
import { DAY, shift } from '../../../src/certificates/describe.ts';
import { issueServerCertificate } from '../../../src/certificates/issue.ts';
import type { ServerCertificate } from '../../../src/certificates/server-certificate.ts';
import { run } from '../../support/process.ts';

const dir = mkdtempSync(join(tmpdir(), 'agent-injector-certs-'));
const at = new Date();
let made: Required<ServerCertificate>;
beforeAll(async () => {
  made = await issueServerCertificate(['agent-injector.apm.svc'], at);
  writeFileSync(join(dir, 'tls.crt'), made.cert);
  writeFileSync(join(dir, 'tls.key'), made.key);
  writeFileSync(join(dir, 'ca.crt'), made.ca);
});
afterAll(() => {
  rmSync(dir, { recursive: true });
});

describe('certificateReport', () => {
  const resultOf = (...given: Parameters<typeof certificateReport>) =>
    certsResult([certificateReport(...given)], 'text');
  const lines = (text: string): readonly string[] => text.trimEnd().split('\n');

  test('shows the certificate, its authorities, and the entries that trust them', () => {
    const bundles = [
      { entry: 'a.example.com', pem: made.ca },
      { entry: 'b.example.com', pem: '' },
    ];
    const { output, messages, exitCode } = resultOf({ from: 'Secret apm/tls', ...made }, bundles, at);
    expect(lines(outputText(output))).toEqual([
      'Secret apm/tls: certificate for agent-injector.apm.svc',
      '',
      expect.stringMatching(/^TYPE {2}SUBJECT {2,}ISSUER {2,}EXPIRES {2,}DAYS LEFT {2}TRUSTED BY$/),
      expect.stringMatching(
        /^leaf {2}CN=agent-injector\.apm\.svc {2,}CN=agent-injector local CA \w{8} {2}20\S+Z {2}36[45] {8}a\.example\.com$/,
      ),
      expect.stringMatching(/^CA {4}CN=agent-injector local CA \w{8} {2}self-signed .* a\.example\.com$/),
    ]);
    expect(messages).toEqual(['agent-injector: b.example.com: its caBundle does not trust the certificate']);
    expect(exitCode).toBe(1);
  });

  test('reports an expired and an unreadable certificate', () => {
    const later = resultOf({ from: 'certs', ...made }, undefined, shift(at, 400 * DAY));
    expect(later.messages).toEqual([expect.stringMatching(/^agent-injector: certs: ca\.crt expired at /)]);
    expect(outputText(later.output)).toMatch(/ -3[56]$/m);
    const garbage = resultOf({ from: 'certs', cert: 'x', key: '', ca: 'x' }, undefined, at);
    expect(outputText(garbage.output)).toContain('certs: no certificate');
    expect(garbage.messages).toHaveLength(1);
  });
});

test('an empty Secret is one that no replica has filled yet', () => {
  const files = { from: 'Secret apm/tls', cert: '', key: '', ca: '' };
  expect(certificateReport(files, [], at)).toMatchObject({
    certificates: [],
    problems: [expect.stringContaining('no replica has started yet')],
  });
});

describe('agent-injector certs', () => {
  test('reads a directory', async () => {
    const { code, stdout, stderr } = await run(['certs', '--tls-dir', dir]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`${dir}: certificate for agent-injector.apm.svc`);
  });

  test('prints data', async () => {
    const { stdout } = await run(['certs', '--tls-dir', dir, '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({
      reports: [{ names: ['agent-injector.apm.svc'], certificates: [{ type: 'leaf' }, { type: 'CA' }], problems: [] }],
    });
  });

  test('fails on an empty directory, and does not fill it', async () => {
    const empty = join(dir, 'empty');
    expect(await run(['certs', '--tls-dir', empty])).toMatchObject({ code: 3, stdout: '' });
    expect(existsSync(empty)).toBe(false);
  });

  test('requires a cluster for a Secret', async () => {
    expect(await run(['certs', '--tls-secret', 'apm/tls'])).toMatchObject({
      code: 2,
      stderr: 'agent-injector: no cluster found: use --kubeconfig FILE or run in a pod\n',
    });
  });
});
