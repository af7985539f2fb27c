import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executable } from '../built.ts';
import { evaluatedIn } from './evaluated.ts';
import { run, start } from './process.ts';

// How long a start takes is measured by `npm run bench`; here is what it must not do (docs/performance.md).

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agent-injector-start-'));
});
afterAll(() => rm(dir, { recursive: true }));

const tls = () => ['--tls-dir', join(dir, 'tls')];

/** What a server evaluates until its port is open, with the certificate that the first of them has left. */
async function startedWith(name: string, ...flags: string[]): Promise<ReadonlySet<string>> {
  const coverage = join(dir, name);
  const args = ['--host', '127.0.0.1', '--port', '0', '--admin-port', '0', '--drain-seconds', '0', ...tls(), ...flags];
  const server = start(['serve', ...args], { env: { NODE_V8_COVERAGE: coverage } });
  await server.logged(({ msg }) => String(msg).startsWith('webhook port is open'));
  server.child.kill('SIGTERM');
  expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
  return evaluatedIn(coverage);
}

describe('a server that starts', () => {
  it('evaluates what makes a certificate only where there is none', async () => {
    const first = await startedWith('first');
    const second = await startedWith('second');
    expect(first).toContain('node-forge');
    expect(second).not.toContain('node-forge');
  });

  it('reads no profile and needs no library for it, no kubeconfig and no file', async () => {
    const evaluated = await startedWith('plain');
    expect(evaluated).toContain('fastify');
    expect(evaluated).toContain('src/core/admit.ts');
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
    expect(
      ours.filter((source) => /-schema\.ts$|-reading\.ts$|documents\.ts$|^src\/(profiles|manifests)\//.test(source)),
    ).toEqual([]);
    expect(
      ours.filter((source) => /^src\/commands\/(inject|lint|explain|audit|plan|certs|profiles)\.ts$/.test(source)),
    ).toEqual([]);
  });

  it('reads profiles where a directory of them is named', async () => {
    const evaluated = await startedWith('profiles', '--profiles', dir);
    expect(evaluated).toContain('zod');
    expect(evaluated).toContain('src/core/profile-schema.ts');
  });
});

describe('the bundle', () => {
  it('is no larger than what is read at every start may be: 25 ms of a processor for each megabyte', async () => {
    expect((await stat(executable)).size).toBeLessThan(1_850_000);
  });

  it('has in it what its commands need: nothing that was left out is ever reached', async () => {
    for (const args of [['profiles'], ['lint'], ['inject', '-f', '-'], ['certs', ...tls()]]) {
      const { code, stderr } = await run(args, { stdin: 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}\n' });
      expect(stderr, args.join(' ')).not.toContain('left out of the bundle');
      expect(code, `${args.join(' ')}: ${stderr}`).toBeLessThan(2);
    }
  });
});
