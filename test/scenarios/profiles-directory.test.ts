import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { FREE_PORTS } from '../support/built.ts';
import { pod } from '../support/fixtures.ts';
import { reviewOf } from '../support/webhook-server.ts';
import { mountedDirectory, profileText, type Mounted } from '../support/mounted-directory.ts';
import { run, start, type Started } from '../support/process.ts';

let dir: string;
const running: Started[] = [];
const mounts: Mounted[] = [];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agent-injector-profiles-'));
});
afterEach(async () => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL');
  for (const mounted of mounts.splice(0)) await mounted.remove();
});
afterAll(() => rm(dir, { recursive: true }));

const mounted = async (files: Record<string, string>): Promise<Mounted> => {
  const directory = await mountedDirectory(files);
  mounts.push(directory);
  return directory;
};
const namespaces = async (profile: string): Promise<string> => {
  const file = join(dir, `${profile}.yaml`);
  const metadata = {
    name: 'shop',
    labels: { 'agent-injector.io/injection': 'enabled' },
    annotations: { 'agent-injector.io/profile': profile, 'agent-injector.io/server-address': 'example.com' },
  };
  await writeFile(file, stringify({ apiVersion: 'v1', kind: 'Namespace', metadata }));
  return file;
};
const file = async (name: string, text: string): Promise<string> => {
  await writeFile(join(dir, name), text);
  return join(dir, name);
};
const value = (name: string, of: string) => profileText(name, { environment: [{ name: 'A', value: of }] });

async function serve(...args: string[]) {
  const tls = join(dir, 'tls');
  const started = start(['serve', ...FREE_PORTS, '--tls-dir', tls, ...args]);
  running.push(started);
  const { port } = await started.logged(({ msg }) => String(msg).startsWith('webhook port is open'));
  const admin = await started.logged(({ msg }) => String(msg).startsWith('admin port is open'));
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${String(admin['port'])}${path}`);
    return { status: response.status, text: await response.text() };
  };
  const ca = await readFile(join(tls, 'ca.crt'));
  /** The variable A that a pod gets; else why it gets none. */
  const review = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const target = {
        host: 'localhost',
        family: 4,
        port: Number(port),
        path: '/mutate',
        method: 'POST',
        ca,
        agent: false,
        headers,
      };
      httpsRequest(target, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const { response: answer } = JSON.parse(text) as { response: { patch?: string; warnings?: string[] } };
          const patch = Buffer.from(answer.patch ?? '', 'base64').toString();
          resolve(/"name":"A","value":"([^"]*)"/.exec(patch)?.[1] ?? answer.warnings?.join() ?? patch);
        });
      })
        .on('error', reject)
        .end(JSON.stringify(reviewOf(pod())));
    });
  return { ...started, get, review };
}

const eventually = <T>(look: () => Promise<T>) => expect.poll(look, { interval: 50, timeout: 15_000 });

describe('serve --profiles', () => {
  it('loads changes, keeps the last valid version of an invalid profile, and reports it', async () => {
    const { dir: profiles, swap } = await mounted({ 'mine.yaml': value('mine', 'one') });
    const server = await serve('--profiles', profiles, '--namespaces', await namespaces('mine'));
    expect(await server.review()).toBe('one');
    expect(await server.get('/readyz')).toEqual({ status: 200, text: 'ok\n' });

    await swap({ 'mine.yaml': value('mine', 'two') });
    await eventually(server.review).toBe('two');

    await swap({ 'mine.yaml': value('mine', 'three').replace('vendor:', 'vender:') });
    await server.logged(({ level, msg }) => level === 'error' && String(msg).includes('mine.yaml:'));
    expect(await server.review()).toBe('two');
    const detail = await server.get('/readyz');
    expect(detail.status).toBe(200);
    expect(detail.text).toMatch(/^ok\nnote: .*mine\.yaml:\d+:\d+: mine: spec/);
    const { text: metrics } = await server.get('/metrics');
    expect(metrics).toContain('agent_injector_profiles{state="last-good"} 1\n');
    expect(metrics).toContain('agent_injector_profile_reloads_total{result="broken"} 1\n');
    expect(metrics).toMatch(/agent_injector_profile_problems [1-9]/);

    await swap({ 'mine.yaml': value('mine', 'four') });
    await eventually(server.review).toBe('four');
    expect(await server.get('/readyz')).toEqual({ status: 200, text: 'ok\n' });

    await swap({ 'other.yaml': value('mime', 'five') });
    await eventually(server.review).toContain('mime');
    expect(await server.review()).toMatch(/unknown-profile.*"mine".*did you mean "mime"/);
  });

  it('starts without a profile that is invalid from the start, even if a default names it', async () => {
    const { dir: profiles, swap } = await mounted({ 'mine.yaml': 'a: [', 'other.yaml': value('other', 'before') });
    const config = await file('config.yaml', 'defaults: {profile: mine}\n');
    const server = await serve('--profiles', profiles, '--config', config, '--namespaces', await namespaces('other'));
    expect(await server.review()).toBe('before');
    expect((await server.get('/readyz')).text).toContain('note: defaults.profile: profile "mine" not found');
    await swap({ 'mine.yaml': value('mine', 'one'), 'other.yaml': value('other', 'after') });
    await eventually(server.review).toBe('after');
    expect(await server.get('/readyz')).toEqual({ status: 200, text: 'ok\n' });
  });

  it.each([
    ['a directory that does not exist', ['--profiles', '/nowhere'], 'profiles: ENOENT'],
    ['a default with an unknown profile', [], 'defaults.profile: profile "mime" not found; did you mean "mine"?'],
  ])('fails with %s', async (_, args, message) => {
    const { dir: profiles } = await mounted({ 'mine.yaml': value('mine', 'one') });
    const config = await file('wrong.yaml', 'defaults: {profile: mime}\n');
    const ended = await run([
      'serve',
      '--demo',
      '--profiles',
      profiles,
      '--config',
      config,
      '--tls-dir',
      join(dir, 'tls'),
      ...args,
    ]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(message);
  });
});

describe('inject --profiles', () => {
  const manifest = stringify({ ...pod(), metadata: { name: 'web', namespace: 'shop' } });

  it('uses the profiles of the directory', async () => {
    const { dir: profiles } = await mounted({
      'mine.yaml': profileText('mine', {
        parameters: [{ name: 'colour', type: 'word', description: 'd' }],
        environment: [{ name: 'A', value: '${colour}', when: { parameter: { name: 'colour' } } }],
      }),
    });
    const args = ['inject', '-f', '-', '--profiles', profiles, '--profile', 'mine', '--set', 'colour=red'];
    const { code, stdout, stderr } = await run(args, { stdin: manifest });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/name: A\n\s+value: red\n/);
  });

  it('uses the directory of a configuration file, which a flag overrides', async () => {
    const one = await mounted({ 'mine.yaml': value('mine', 'one') });
    const two = await mounted({ 'mine.yaml': value('mine', 'two') });
    const config = await file('with-profiles.yaml', `profiles: ${one.dir}\ndefaults: {profile: mine}\n`);
    const args = ['inject', '-f', '-', '--config', config];
    expect((await run(args, { stdin: manifest })).stdout).toMatch(/value: one\n/);
    expect((await run([...args, '--profiles', two.dir], { stdin: manifest })).stdout).toMatch(/value: two\n/);
  });

  it('fails with invalid profiles, and reports every problem', async () => {
    const profiles = join(dir, 'broken');
    await mkdir(profiles);
    await writeFile(join(profiles, 'a.yaml'), value('a', 'one').replace('vendor:', 'vender:'));
    await writeFile(join(profiles, 'b.yaml'), 'b: [');
    await writeFile(join(profiles, 'c.yaml'), profileText('c', { extends: 'jenifer-dotnet' }));
    const { code, stdout, stderr } = await run(['inject', '-f', '-', '--profiles', profiles], { stdin: manifest });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/a\.yaml:\d+:\d+: a: spec/);
    expect(stderr).toMatch(/b\.yaml:1:\d+: /);
    expect(stderr).toMatch(
      /c\.yaml:\d+:\d+: c: spec\.extends: unknown profile "jenifer-dotnet"; did you mean "jennifer-dotnet"\?/,
    );
  });

  it('fails with a directory that does not exist', async () => {
    const { code, stderr } = await run(['inject', '-f', '-', '--profiles', '/nowhere'], { stdin: manifest });
    expect(code).toBe(2);
    expect(stderr).toContain('profiles: ENOENT');
  });
});
