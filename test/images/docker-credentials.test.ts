import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { credentialFiles } from '../../src/config/user-environment.ts';
import { credentialsFor, type Credentials } from '../../src/images/docker-credentials.ts';

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-docker-'));
});
afterAll(() => rmSync(dir, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

function config(content: unknown): string {
  const path = join(dir, 'config.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** A credential helper, first in PATH. */
function helper(name: string, script: string): void {
  const path = join(dir, `docker-credential-${name}`);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  vi.stubEnv('PATH', `${dir}${delimiter}${process.env['PATH']}`);
}

const auth = Buffer.from('user:se:cret').toString('base64');
const basic: Credentials = { kind: 'basic', username: 'user', password: 'se:cret' };

describe('credentials', () => {
  it.each<[string, unknown, string, Credentials | undefined]>([
    ['of the registry', { auths: { 'r.example.com': { auth } } }, 'r.example.com', basic],
    ['with a scheme', { auths: { 'https://r.example.com': { auth } } }, 'r.example.com', basic],
    ['of Docker Hub', { auths: { 'https://index.docker.io/v1/': { auth } } }, 'registry-1.docker.io', basic],
    ['of another registry', { auths: { 'r.example.com': { auth } } }, 'r.example.com:5000', undefined],
    [
      'an identity token',
      { auths: { 'r.example.com': { auth, identitytoken: 'T' } } },
      'r.example.com',
      { kind: 'identityToken', token: 'T' },
    ],
    [
      'an entry that is empty, as credential stores leave it',
      { auths: { 'r.example.com': {} } },
      'r.example.com',
      undefined,
    ],
    ['no entries', {}, 'r.example.com', undefined],
    [
      'no store, by an empty name',
      { credsStore: '', credHelpers: { 'r.example.com': '' } },
      'r.example.com',
      undefined,
    ],
  ])('%s', async (_, content, registry, expected) => {
    expect(await credentialsFor(registry, [config(content)])).toEqual(expected);
  });

  it('come from the first file that has some', async () => {
    expect(await credentialsFor('r', [join(dir, 'none.json'), config({ auths: { r: { auth } } })])).toEqual(basic);
  });

  it('come from a helper, which gets the registry', async () => {
    helper('one', 'read registry; printf \'{"ServerURL":"%s","Username":"u","Secret":"%s"}\' "$registry" "$registry"');
    expect(await credentialsFor('r.example.com', [config({ credHelpers: { 'r.example.com': 'one' } })])).toEqual({
      kind: 'basic',
      username: 'u',
      password: 'r.example.com',
    });
  });

  it('come from a store, as an identity token', async () => {
    helper('two', 'echo \'{"Username":"<token>","Secret":"T"}\'');
    expect(await credentialsFor('r', [config({ credsStore: 'two' })])).toEqual({ kind: 'identityToken', token: 'T' });
  });

  it('are none where the helper has none', async () => {
    helper('three', 'echo "credentials not found in native keychain"; exit 1');
    expect(await credentialsFor('r', [config({ credsStore: 'three' })])).toBeUndefined();
  });

  it.each<[string, unknown, RegExp]>([
    ['a file that is broken', '{"auths": {"r": {"auth": "hunter2"', /is not a configuration file/],
    ['a helper that is missing', { credsStore: 'missing-one' }, /docker-credential-missing-one failed/],
    ['a helper with a path', { credsStore: '../../bin/sh' }, /is not the name/],
  ])('%s: an error without secrets', async (_, content, message) => {
    const error: unknown = await credentialsFor('r', [config(content)]).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toContain('hunter2');
  });

  it('are looked for where Docker and Podman keep them', () => {
    expect(credentialFiles({ DOCKER_CONFIG: '/d', REGISTRY_AUTH_FILE: '/r.json', XDG_RUNTIME_DIR: '/x' })).toEqual([
      '/r.json',
      '/d/config.json',
      '/x/containers/auth.json',
    ]);
    expect(credentialFiles({ DOCKER_CONFIG: '', REGISTRY_AUTH_FILE: '', XDG_RUNTIME_DIR: '' })).toEqual(
      credentialFiles({}),
    );
    expect(credentialFiles({})).toEqual([expect.stringMatching(/\/\.docker\/config\.json$/)]);
  });
});
