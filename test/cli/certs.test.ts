import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { show } from '../../src/cli/certs.ts';
import { DAY, shift } from '../../src/certificates/describe.ts';
import { issueServerCertificate } from '../../src/certificates/issue.ts';
import type { ServerCertificate } from '../../src/certificates/server-certificate.ts';
import { run } from '../support/process.ts';

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

describe('the table', () => {
  const lines = (text: string): readonly string[] => text.trimEnd().split('\n');

  test('says what is in force and which entries take it', () => {
    const bundles = [
      { entry: 'a.example.com', pem: made.ca },
      { entry: 'b.example.com', pem: '' },
    ];
    const { output, problems } = show({ from: 'Secret apm/tls', ...made }, bundles, at);
    expect(lines(output)).toEqual([
      'Secret apm/tls, for agent-injector.apm.svc',
      '',
      expect.stringMatching(/^WHAT {2}SUBJECT {2,}ISSUER {2,}EXPIRES {2,}DAYS LEFT {2}TRUSTED BY$/),
      expect.stringMatching(
        /^leaf {2}CN=agent-injector\.apm\.svc {2,}CN=agent-injector local CA \w{8} {2}20\S+Z {2}36[45] {8}a\.example\.com$/,
      ),
      expect.stringMatching(/^CA {4}CN=agent-injector local CA \w{8} {2}itself .* a\.example\.com$/),
    ]);
    expect(problems).toEqual(['caBundle of b.example.com does not vouch for the certificate']);
  });

  test('says what is wrong', () => {
    const later = show({ from: 'certs', ...made }, undefined, shift(at, 400 * DAY));
    expect(later.problems).toEqual([expect.stringMatching(/^certs: ca\.crt expired at /)]);
    expect(later.output).toMatch(/ -3[56]$/m);
    const garbage = show({ from: 'certs', cert: 'x', key: '', ca: 'x' }, undefined, at);
    expect(garbage.output).toContain('certs, for nobody');
    expect(garbage.problems).toEqual([expect.stringMatching(/^certs: tls\.crt /)]);
  });
});

describe('agent-injector certs', () => {
  test('reads a directory', async () => {
    const { code, stdout, stderr } = await run(['certs', '--tls-dir', dir]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`${dir}, for agent-injector.apm.svc`);
  });

  test('changes nothing in an empty one, and says what it lacks', async () => {
    const empty = join(dir, 'empty');
    expect(await run(['certs', '--tls-dir', empty])).toEqual({
      code: 1,
      stdout: '',
      stderr: `agent-injector: no certificate in ${empty}\n`,
    });
  });

  test('needs a cluster for a Secret', async () => {
    expect(await run(['certs', '--tls-secret', 'apm/tls'])).toMatchObject({
      code: 2,
      stderr: 'agent-injector: no cluster: this is no pod, and no kubeconfig is given\n',
    });
  });
});
