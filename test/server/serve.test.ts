import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { connect } from 'node:tls';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { issueServerCertificate } from '../../src/certificates/issue.ts';
import { FREE_PORTS } from '../support/built.ts';
import { pod } from '../support/fixtures.ts';
import { reviewOf } from '../support/webhook-server.ts';
import { run, start, type Started } from '../support/process.ts';

let dir: string;
const running: Started[] = [];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agent-injector-serve-'));
});
afterEach(() => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rm(dir, { recursive: true }));

const local = () => [...FREE_PORTS, '--tls-dir', join(dir, 'tls')];

async function serve(...args: string[]): Promise<Started & { port: number; adminPort: number }> {
  const started = start(['serve', ...local(), ...args]);
  running.push(started);
  const opened = await started.logged(({ msg }) => String(msg).startsWith('webhook port is open'));
  const admin = await started.logged(({ msg }) => String(msg).startsWith('admin port is open'));
  return { ...started, port: Number(opened['port']), adminPort: Number(admin['port']) };
}

function get(port: number, path: string, host = '127.0.0.1'): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    httpRequest({ host, port, path }, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (chunk: string) => (text += chunk))
        .on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    })
      .on('error', reject)
      .end();
  });
}

async function review(port: number): Promise<{ allowed: boolean; patch?: string; connection: string | undefined }> {
  const ca = await readFile(join(dir, 'tls/ca.crt'));
  return new Promise((resolve, reject) => {
    const options = {
      host: 'localhost',
      port,
      path: '/mutate',
      method: 'POST',
      ca,
      agent: false,
      headers: { 'content-type': 'application/json' },
    };
    httpsRequest({ ...options, family: 4 }, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (chunk: string) => (text += chunk))
        .on('end', () => {
          const { response: answer } = JSON.parse(text) as { response: { allowed: boolean; patch?: string } };
          resolve({ ...answer, connection: response.headers.connection });
        });
    })
      .on('error', reject)
      .end(JSON.stringify(reviewOf(pod())));
  });
}

describe('serve', () => {
  it('answers for the built-in sample namespace if asked to, over TLS that verifies', async () => {
    const server = await serve('--demo');
    expect(await review(server.port)).toMatchObject({ allowed: true, patch: expect.any(String) });
    expect(await get(server.adminPort, '/livez')).toEqual({ status: 200, text: 'ok\n' });
    expect(await get(server.adminPort, '/readyz')).toEqual({ status: 200, text: 'ok\n' });
    expect((await get(server.adminPort, '/metrics')).text).toMatch(
      /agent_injector_reviews_total\{outcome="injected",reason=""\} 1\n/,
    );
    const line = await server.logged(({ msg }) => msg === 'decision');
    expect(line).toMatchObject({ level: 'info', outcome: 'injected', namespace: 'shop', pod: 'web' });
  });

  it('serves the current certificate of a directory, and the previous one while that is broken', async () => {
    const tls = join(dir, 'exchanged');
    const started = await serve('--demo', '--tls-dir', tls);
    const serialBy = (ca: string): Promise<string | undefined> =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port: started.port, ca, servername: 'localhost' });
        socket.once('error', reject);
        socket.once('secureConnect', () => {
          resolve(socket.getPeerX509Certificate()?.serialNumber);
          socket.destroy();
        });
      });
    const ca = await readFile(join(tls, 'ca.crt'), 'utf8');
    const before = await serialBy(ca);
    await writeFile(join(tls, 'tls.key'), 'garbage');
    await started.logged(({ level, msg }) => level === 'warn' && String(msg).includes('tls.key'));
    expect(await serialBy(ca)).toBe(before);

    const next = await issueServerCertificate(['localhost'], new Date());
    await writeFile(join(tls, 'ca.crt'), next.ca);
    await writeFile(join(tls, 'tls.crt'), next.cert);
    await writeFile(join(tls, 'tls.key'), next.key);
    await started.logged(({ msg }) => msg === 'the certificate problem is resolved');
    expect(await serialBy(next.ca)).toBe(new X509Certificate(next.cert).serialNumber);
  });

  it('uses Namespace manifests', async () => {
    const file = join(dir, 'namespaces.yaml');
    await writeFile(
      file,
      'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {agent-injector.io/injection: "no"}}\n',
    );
    const server = await serve('--namespaces', file);
    await review(server.port);
    expect(await server.logged(({ msg }) => msg === 'decision')).toMatchObject({
      outcome: 'skipped',
      reason: 'namespace-not-enabled',
    });
  });

  it('on SIGTERM becomes not ready, still answers with Connection: close, then exits with 0', async () => {
    const server = await serve('--demo', '--drain-seconds', '2');
    server.child.kill('SIGTERM');
    await server.logged(({ msg }) => msg === 'draining');
    expect(await get(server.adminPort, '/readyz')).toEqual({ status: 503, text: 'not ready: shutting down\n' });
    expect(await review(server.port)).toMatchObject({ allowed: true, patch: expect.any(String), connection: 'close' });
    expect((await server.ended).code).toBe(0);
  });

  it('on a second signal exits at once', async () => {
    const server = await serve('--demo', '--drain-seconds', '600');
    server.child.kill('SIGTERM');
    await server.logged(({ msg }) => msg === 'draining');
    server.child.kill('SIGINT');
    expect((await server.ended).code).toBe(1);
  });

  it('with a cluster that does not answer is live but not ready, and keeps the webhook port closed', async () => {
    const kubeconfig = join(dir, 'kubeconfig');
    await writeFile(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'x',
        clusters: [{ name: 'x', cluster: { server: 'https://127.0.0.1:1' } }],
        users: [{ name: 'x', user: { token: 't' } }],
        contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
      }),
    );
    const started = start(['serve', ...local(), '--kubeconfig', kubeconfig]);
    running.push(started);
    const { port } = await started.logged(({ msg }) => String(msg).startsWith('admin port is open'));
    expect(await get(Number(port), '/livez')).toMatchObject({ status: 200 });
    const { status, text } = await get(Number(port), '/readyz');
    expect(status).toBe(503);
    const [first, second, ...others] = text
      .trimEnd()
      .split('\n')
      .map((line) => line.split(':')[0]);
    expect([first, second]).toEqual(['not ready', 'not ready']);
    expect(new Set(others)).toEqual(new Set(['note']));
    expect(text).toMatch(/^not ready: .*namespaces.*\nnot ready: .*webhook port/);
    started.child.kill('SIGTERM');
    expect((await started.ended).code).toBe(0);
  });

  it('on SIGTERM exits in time despite open connections without a request', async () => {
    const server = await serve('--demo', '--drain-seconds', '0');
    const { connect: connectTcp } = await import('node:net');
    const ca = await readFile(join(dir, 'tls/ca.crt'));
    const idle = connect({ host: '127.0.0.1', port: server.port, ca, servername: 'localhost' });
    const half = connect({ host: '127.0.0.1', port: server.port, ca, servername: 'localhost' });
    const mute = connectTcp({ host: '127.0.0.1', port: server.port });
    for (const socket of [idle, half, mute]) socket.on('error', () => {});
    await Promise.all([once(idle, 'secureConnect'), once(half, 'secureConnect'), once(mute, 'connect')]);
    half.write('POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{');
    const started = performance.now();
    server.child.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);
    expect(performance.now() - started).toBeLessThan(5000);
    for (const socket of [idle, half, mute]) socket.destroy();
  });

  it('opens the admin port at an address of its own, where nothing else reaches it', async () => {
    const server = await serve('--demo', '--admin-host', '127.0.0.2');
    expect((await get(server.adminPort, '/readyz', '127.0.0.2')).status).toBe(200);
    await expect(get(server.adminPort, '/readyz')).rejects.toThrow(/ECONNREFUSED/);
    expect(await review(server.port)).toMatchObject({ allowed: true });
  });

  it('names a port that is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const ended = await run(['serve', ...local(), '--demo', '--port', String(port)]);
    taken.close();
    expect(ended).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`port ${port} is already in use`),
    });
  });
});

describe('an invalid configuration', () => {
  it('is reported as a whole on stderr, with exit code 2', async () => {
    const file = join(dir, 'bad.yaml');
    await writeFile(file, 'drainSeconds: soon\nprot: 1\ndefaults: {server-adress: x}\n');
    const { code, stdout, stderr } = await run(['serve', '--port', '99999', '--kubeconfig', 'a', '--namespaces', 'b'], {
      env: {
        AGENT_INJECTOR_LOG_LEVEL: 'loud',
        AGENT_INJECTOR_ADMINPORT: '1',
        AGENT_INJECTOR_PORT: 'tcp://10.0.0.1:443',
      },
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toEqual([
      'agent-injector: AGENT_INJECTOR_ADMINPORT: unknown setting; did you mean AGENT_INJECTOR_ADMIN_PORT?',
      'agent-injector: --port: "99999" must be a port from 0 to 65535 (0: any free port)',
      'agent-injector: AGENT_INJECTOR_LOG_LEVEL: "loud" must be debug, info, warn, error or silent',
    ]);
    const contradictory = await run(['serve', '--port', '9090', '--kubeconfig', 'a', '--namespaces', 'b']);
    expect(contradictory.stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^agent-injector: port and adminPort are both 9090/),
      expect.stringMatching(/^agent-injector: kubeconfig, namespaces and demo /),
    ]);
    expect((await run(['serve', '--config', file])).stderr).toBe(
      `agent-injector: ${file}: prot: unknown setting; did you mean port?\n`,
    );
    await writeFile(file, 'drainSeconds: soon\n');
    expect((await run(['serve', '--config', file])).stderr).toBe(
      `agent-injector: ${file}: drainSeconds: "soon" must be a whole number of seconds from 0 to 3600\n`,
    );
    await writeFile(
      file,
      'port: 99999\ndefaults: {server-adress: x, domain-id: 40000, profile: jenifer-dotnet, delivery: pvc, inject: maybe}\n',
    );
    const { code: codeOfDefaults, stderr: defaults } = await run(['serve', '--config', file]);
    expect(codeOfDefaults).toBe(2);
    expect(defaults.trim().split('\n')).toEqual([
      `agent-injector: ${file}: port: "99999" must be a port from 0 to 65535 (0: any free port)`,
      expect.stringMatching(/^agent-injector: defaults\.server-adress: .*"server-address"/),
      expect.stringMatching(/^agent-injector: defaults\.domain-id: "40000"/),
      expect.stringMatching(/^agent-injector: defaults\.profile: .*"jenifer-dotnet".*"jennifer-dotnet"/),
      expect.stringMatching(/^agent-injector: defaults\.delivery: .*"pvc"/),
      expect.stringMatching(/^agent-injector: defaults\.inject: /),
    ]);
    await writeFile(file, 'x: *nobody\n');
    expect((await run(['serve', '--config', file])).stderr).toContain(`agent-injector: ${file}:1:4: `);
    expect(await run(['serve', '--config', join(dir, 'missing.yaml')])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no such file'),
    });
  });

  it('of a kubeconfig or of namespaces names the file and what is wrong', async () => {
    const empty = join(dir, 'empty');
    await writeFile(empty, '');
    expect(await run(['serve', ...local(), '--kubeconfig', empty])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(empty),
    });
    const numbers = join(dir, 'numbers.yaml');
    await writeFile(
      numbers,
      'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, annotations: {agent-injector.io/domain-id: 2000}}\n',
    );
    expect(await run(['serve', ...local(), '--namespaces', numbers])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/numbers\.yaml:1: Namespace\/shop: agent-injector\.io\/domain-id .*"2000"/),
    });
  });

  it('without a cluster, Namespaces or --demo says which three ways exist', async () => {
    const { code, stdout, stderr } = await run(['serve', ...local()], { env: { KUBERNETES_SERVICE_HOST: '' } });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^agent-injector: no cluster found: .*--kubeconfig FILE.*--namespaces FILE.*--demo[^\n]*\n$/,
    );
    expect((await run(['serve', ...local(), '--demo', '--namespaces', 'b'])).stderr).toMatch(
      /^agent-injector: kubeconfig, namespaces and demo are mutually exclusive/,
    );
  });

  it.each([
    ['serve', () => local()],
    ['audit', () => []],
    ['certs', () => ['--tls-secret', 'a/b', '--webhook-configuration', 'a']],
  ])('in a pod without a service account token: %s says what to do', async (command, args) => {
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBECONFIG: '', HOME: dir };
    const { code, stdout, stderr } = await run([command, ...args()], { env });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/no service account token.*automountServiceAccountToken: true/);
  });

  it('of the TLS directory names the missing file', async () => {
    const tls = join(dir, 'half');
    await rm(tls, { recursive: true, force: true });
    const { mkdir } = await import('node:fs/promises');
    await mkdir(tls);
    await writeFile(join(tls, 'tls.crt'), 'x');
    const { code, stderr } = await run(['serve', '--demo', '--tls-dir', tls, '--port', '0', '--admin-port', '0']);
    expect(code).toBe(2);
    expect(stderr).toContain('tls.key');
  });
});
