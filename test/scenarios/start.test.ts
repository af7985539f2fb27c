import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { pageFiles } from 'page-files';
import { executable, FREE_PORTS } from '../support/built.ts';
import { pod } from '../support/fixtures.ts';
import { freePort } from '../support/free-port.ts';
import { reviewOf } from '../support/webhook-server.ts';
import { FaultyApi, json, kubeconfig } from '../support/faulty-api.ts';
import { evaluatedIn } from '../support/evaluated-sources.ts';
import { run, start } from '../support/process.ts';

// Modules that a start must not load (docs/performance.md). `npm run bench` measures its duration.

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agent-injector-start-'));
});
afterAll(() => rm(dir, { recursive: true }));

const tls = () => ['--tls-dir', join(dir, 'tls')];

/** The sources that a server evaluates until its port is open. The first one creates the certificate for all. */
async function evaluatedAtStart(name: string, ...flags: string[]): Promise<ReadonlySet<string>> {
  const coverage = join(dir, name);
  const args = ['--demo', ...FREE_PORTS, '--drain-seconds', '0', ...tls(), ...flags];
  const server = start(['serve', ...args], { env: { NODE_V8_COVERAGE: coverage } });
  await server.logged(({ msg }) => String(msg).startsWith('webhook port is open'));
  server.child.kill('SIGTERM');
  expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
  return evaluatedIn(coverage);
}

describe('a server that starts', () => {
  it('loads the certificate library only if there is no certificate yet', async () => {
    const first = await evaluatedAtStart('first');
    const second = await evaluatedAtStart('second');
    expect(first).toContain('node-forge');
    expect(second).not.toContain('node-forge');
  });

  it('loads no profile reader, no Kubernetes client and no other command', async () => {
    const evaluated = await evaluatedAtStart('plain');
    expect(evaluated).toContain('fastify');
    expect(evaluated).toContain('src/admission/admit.ts');
    const needless = new Set([
      'zod',
      '@kubernetes/client-node',
      'js-yaml',
      'node-forge',
      'diff',
      'openid-client',
      'socks',
    ]);
    expect([...evaluated].filter((source) => needless.has(source))).toEqual([]);
    const ours = [...evaluated].filter((source) => source.startsWith('src/'));
    const reading =
      /^src\/(api\/profile\/|manifests\/(?!yaml)|profiles\/(parse|validate|extends|read-profiles|schema-errors)\.ts|profile-sources\/(directory|read-|freeze|builtin-documents))/;
    expect(ours.filter((source) => reading.test(source))).toEqual([]);
    expect(ours.filter((source) => /^src\/cli\/(?!program\/)/.test(source))).toEqual([]);
  });

  it('loads the profile reader for a directory of profiles', async () => {
    const evaluated = await evaluatedAtStart('profiles', '--profiles', dir);
    expect(evaluated).toContain('zod');
    expect(evaluated).toContain('src/api/profile/profile.ts');
  });
});

/** The error code of a connection to the port; undefined if it is accepted. */
function refusal(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(void socket.destroy()));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}

async function answerOf(port: number, namespace: string): Promise<{ readonly patch?: string }> {
  const body = JSON.stringify(reviewOf(pod(), { namespace }));
  const options = { port, path: '/mutate', method: 'POST', ca: await readFile(join(dir, 'tls/ca.crt')), agent: false };
  return new Promise((resolve, reject) => {
    httpsRequest({ host: 'localhost', ...options, headers: { 'content-type': 'application/json' } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve((JSON.parse(text) as { response: { patch?: string } }).response));
    })
      .on('error', reject)
      .end(body);
  });
}

it('accepts no connection before all namespaces are known, and injects the first pod', async () => {
  const api = new FaultyApi();
  await api.start();
  for (const name of ['a', 'b', 'c', 'd', 'last'])
    api.put(
      name,
      { 'agent-injector.io/server-address': 'jennifer.example.com' },
      { 'agent-injector.io/injection': 'enabled' },
    );
  let release = (): void => {};
  const isWithheld = new Promise<void>((resolve) => {
    api.faults.list = (request, response) => {
      const url = new URL(request.url ?? '', 'http://api');
      if (url.pathname !== '/api/v1/namespaces')
        return json(response, { kind: 'List', metadata: { resourceVersion: '1' }, items: [] });
      if (url.searchParams.get('continue') !== '4') return api.normal('list', url, response);
      release = () => api.normal('list', url, response);
      return resolve();
    };
  });
  const file = join(dir, 'kubeconfig');
  const address = `http://127.0.0.1:${api.port}`;
  await writeFile(file, kubeconfig(address, { 'insecure-skip-tls-verify': true }, { token: 'secret' }));
  const port = await freePort();
  const flags = ['--host', '127.0.0.1', '--port', String(port), '--admin-port', '0', ...tls(), '--kubeconfig', file];
  const server = start(['serve', ...flags]);
  onTestFinished(async () => {
    server.child.kill('SIGKILL');
    await api.kill();
  });
  await isWithheld;
  await server.logged(({ msg }) => String(msg).startsWith('admin port is open'));
  expect(await refusal(port)).toBe('ECONNREFUSED');
  release();
  await server.logged(({ msg }) => String(msg).startsWith('webhook port is open'));
  expect(await answerOf(port, 'last')).toHaveProperty('patch');
});

/** Compressed files as Base64. */
const PACKED = /(?<=")H4sI[A-Za-z0-9+/]+={0,2}(?=")/g;

describe('the bundle', () => {
  it('has less than 3.5 MB of code: each megabyte costs about 20 ms of CPU time at every start', async () => {
    const text = await readFile(executable, 'utf8');
    expect(text.replaceAll(PACKED, '').length).toBeLessThan(3_500_000);
  });

  it('has less than 0.4 MB of packed files of the page, which no start unpacks', async () => {
    const packed = (await readFile(executable, 'utf8')).match(PACKED) ?? [];
    expect(packed.length).toBe(pageFiles.size);
    expect(packed.join('').length).toBeLessThan(400_000);
  });

  it('contains what its commands need', async () => {
    for (const args of [['profiles'], ['lint'], ['inject', '-f', '-'], ['certs', ...tls()]]) {
      const { code, stderr } = await run(args, { stdin: 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}\n' });
      expect(stderr, args.join(' ')).not.toContain('left out of the bundle');
      expect(code, `${args.join(' ')}: ${stderr}`).toBeLessThan(2);
    }
  });
});
