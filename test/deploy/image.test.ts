import { spawn } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { executable, FREE_PORTS } from '../support/built.ts';
import { root } from '../support/chart.ts';
import { run } from '../support/deploy-tools.ts';
import { sourceTime } from '../../tools/sbom.js';

// No container engine is needed for these: the Dockerfile is read, and what it does is done in folders.

interface Instruction {
  readonly name: string;
  readonly words: readonly string[];
}

const instructions: readonly Instruction[] = readFileSync(join(root, 'Dockerfile'), 'utf8')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => {
    const [name = '', ...words] = line.trim().split(/\s+/);
    return { name, words };
  });
const all = (name: string): readonly Instruction[] => instructions.filter((instruction) => instruction.name === name);
const runtime = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
const copied = all('COPY')
  .filter(({ words }) => !words[0]?.startsWith('--from='))
  .flatMap(({ words }) => words.slice(0, -1));

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-image-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

describe('the Dockerfile', () => {
  it('copies what is there and what .dockerignore lets through', () => {
    const ignore = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
    expect(copied.length).toBeGreaterThan(3);
    for (const source of copied) {
      expect(existsSync(join(root, source)), source).toBe(true);
      expect(ignore, source).toContain(`!${source.replace('./', '')}`);
    }
    expect(ignore).toContain('*');
  });

  it('copies all that the build needs: from that alone comes the same bundle', () => {
    const dir = folder();
    for (const source of copied) cpSync(join(root, source), join(dir, source), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
    // Without git, the time of the commit is a build argument.
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(Date.parse(sourceTime()) / 1000) };
    expect(run(process.execPath, ['build.mjs'], { cwd: dir, env })).toMatchObject({ code: 0, stderr: '' });
    for (const file of ['agent-injector.js', 'sbom.cdx.json', 'THIRD-PARTY-LICENSES.txt'])
      expect(readFileSync(join(dir, 'dist', file), 'utf8'), file).toBe(
        readFileSync(join(dirname(executable), file), 'utf8'),
      );
  });

  it('names every image by a tag, never latest, and fetches none to read the Dockerfile itself', () => {
    expect(readFileSync(join(root, 'Dockerfile'), 'utf8')).not.toMatch(/^# syntax/);
    const images = all('ARG').flatMap(({ words }) => /^\w+_IMAGE=(.+)$/.exec(words[0] ?? '')?.[1] ?? []);
    expect(images).toHaveLength(2);
    for (const image of images) {
      expect(image).toMatch(/:[\w.-]+$/);
      expect(image).not.toContain('latest');
    }
    expect(images[0]).toBe(`node:${readFileSync(join(root, '.node-version'), 'utf8').trim()}-bookworm-slim`);
    expect(all('FROM').every(({ words }) => words.some((word) => /^\$\{\w+_IMAGE\}$/.test(word)))).toBe(true);
  });

  it('runs as a numbered user who is not root, without a shell, with nothing but the bundle, its source map and what is in it', () => {
    const user = runtime.find(({ name }) => name === 'USER');
    expect(user?.words[0]).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(runtime.filter(({ name }) => name === 'RUN')).toEqual([]);
    expect(runtime.filter(({ name }) => name === 'COPY').map(({ words }) => words.join(' '))).toEqual([
      '--from=node /usr/local/bin/node /nodejs/bin/node',
      '--from=build /out /app',
    ]);
    // The bundle and the runtime of the SBOM.
    expect(all('RUN').map(({ words }) => words.join(' '))).toContain(
      'test "$(node --version)" = "v$(cat .node-version)"',
    );
    const files = ['agent-injector.js', 'agent-injector.js.map', 'sbom.cdx.json', 'THIRD-PARTY-LICENSES.txt'];
    const build = all('RUN').map(({ words }) => words.join(' '));
    expect(build.join('\n')).toContain(`cp ${files.map((file) => `dist/${file}`).join(' ')} /out/`);
    expect(readdirSync(dirname(executable)).toSorted()).toEqual(files.toSorted());
    expect(build.join('\n')).toContain(`echo '{"type":"module"}' > /out/package.json`);
    const entrypoint = runtime.find(({ name }) => name === 'ENTRYPOINT');
    expect(JSON.parse(entrypoint?.words.join(' ') ?? '')).toEqual(['/nodejs/bin/node', '/app/agent-injector.js']);
  });

  it('lets Node.js read no source map at the start: it would take as long as all the rest, and 70 MiB', () => {
    expect(readFileSync(join(root, 'Dockerfile'), 'utf8')).not.toContain('NODE_OPTIONS');
  });

  it('has the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(all('ARG').map(({ words }) => words[0])).toContain(`VERSION=${version}`);
  });
});

it('the bundle serves from an empty folder, with an empty environment, and no module beside it', async () => {
  const dir = folder();
  for (const file of [executable, `${executable}.map`])
    copyFileSync(file, join(dir, file.slice(dirname(executable).length)));
  const work = folder();
  const flags = ['--demo', ...FREE_PORTS, '--drain-seconds', '0', '--tls-dir', join(folder(), 'certs')];
  // Under `env -i` and the name that the image gives: nothing of the developer's machine is left.
  const child = spawn('env', ['-i', process.execPath, join(dir, 'agent-injector.js'), 'serve', ...flags], {
    cwd: work,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let log = '';
  child.stdout.setEncoding('utf8');
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: string) => {
      log += chunk;
      if (log.includes('webhook port is open')) resolve();
    });
    void ended.then((code) => reject(new Error(`ended with ${code}: ${log}`)));
  });
  const lines = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string; port?: number });
  const adminPort = lines.find(({ msg }) => msg.startsWith('admin port'))?.port;
  const ready = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
  expect(await ready.text()).toBe('ok\n');
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  // It has written nowhere but where it was told to: the root of the image is read-only.
  expect(readdirSync(work)).toEqual([]);
  expect(readdirSync(dir).toSorted()).toEqual(['agent-injector.js', 'agent-injector.js.map']);
});
