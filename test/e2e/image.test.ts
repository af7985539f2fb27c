import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeLayout } from '../support/image-layout.ts';
import { makeImage, type MadeImage } from '../support/made-image.ts';
import { crane, run as runProgram } from '../support/deploy-tools.ts';
import { examplesOf } from '../support/doc-examples.ts';
import { run } from '../support/process.ts';
import { type StartedRegistry, startRegistry } from './registry/start.ts';

// `agent-injector image` reads what a real client has pushed to a real registry: crane of go-containerregistry.

const NODE_OPTIONS = '--max-old-space-size=200 --enable-source-maps';

const amd64 = makeImage({
  config: {
    Env: ['NODE_VERSION=22.18.0', `NODE_OPTIONS=${NODE_OPTIONS}`],
    Entrypoint: ['node'],
    Cmd: ['server.js'],
    User: 'node',
  },
  history: [{ created_by: 'ADD alpine-minirootfs-3.22.1-x86_64.tar.gz / # buildkit' }],
});
const arm64 = makeImage({ config: { Env: ['PYTHON_VERSION=3.13.7'] } }, 'arm64');

describe.skipIf(crane === undefined)('agent-injector image', () => {
  let dir: string;
  let registry: StartedRegistry;
  let host: string;

  const layout = (name: string, image: MadeImage): string => writeLayout(join(dir, name), image);

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'agent-injector-image-'));
    registry = await startRegistry();
    host = registry.host;
    registry.client('push', layout('amd64', amd64), `${host}/shop/web:amd64`);
    registry.client('push', layout('arm64', arm64), `${host}/shop/web:arm64`);
    registry.client(
      'index',
      'append',
      '-m',
      `${host}/shop/web:amd64`,
      '-m',
      `${host}/shop/web:arm64`,
      '-t',
      `${host}/shop/web:1`,
    );
  });

  afterAll(async () => {
    rmSync(dir, { recursive: true });
    await registry.stop();
  });

  test('reads the image of the platform through the index', async () => {
    const { code, stdout } = await run(['image', `${host}/shop/web:1`, '-o', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      images: [
        {
          digest: runProgram(crane ?? '', ['digest', `${host}/shop/web:1`]).stdout.trim(),
          platform: 'linux/amd64',
          platforms: ['linux/amd64', 'linux/arm64'],
          language: { is: 'nodejs', version: '22.18.0' },
          libc: { is: 'musl' },
          user: 'node',
          variables: [{ name: 'NODE_OPTIONS', value: NODE_OPTIONS }],
        },
      ],
    });
    const other = await run(['image', `${host}/shop/web:1`, '-o', 'json', '--platform', 'linux/arm64']);
    expect(JSON.parse(other.stdout)).toMatchObject({ images: [{ language: { is: 'python' } }] });
  });

  test('shows what docs/images.md shows', async () => {
    const example = examplesOf('images.md').find(({ kind }) => kind === 'image');
    const args = example?.args.map((arg) => arg.replace('registry.example.com', host)) ?? [];
    const { code, stdout } = await run(args);
    expect(code).toBe(0);
    const shown = stdout.replaceAll(host, 'registry.example.com').replaceAll(/sha256:[0-9a-f]{64}/g, 'sha256:4c1e…');
    expect(shown).toBe(example?.output);
  });

  test('makes the facts that docs/images.md shows, and inject decides by them as it says', async () => {
    const examples = examplesOf('images.md');
    const [facts, ci] = ['facts', 'ci'].map((name) => examples.find(({ kind }) => kind === name));
    const made = await run(facts?.args.map((arg) => arg.replace('registry.example.com', host)) ?? []);
    const shown = made.stdout
      .replaceAll(host, 'registry.example.com')
      .replaceAll(/sha256:[0-9a-f]{64}/g, 'sha256:4c1e…')
      .replace(/"read":"[^"]*"/, '"read":"2026-12-01T03:00:00.000Z"');
    expect(shown).toBe(facts?.output);
    writeFileSync(join(dir, 'image-facts.json'), made.stdout.replaceAll(host, 'registry.example.com'));
    for (const { name, text } of ci?.files ?? []) writeFileSync(join(dir, name), text);
    const injected = await run(
      (ci?.args ?? []).map((arg) => (/^[\w-]+\.(?:ya?ml|json)$/.test(arg) ? join(dir, arg) : arg)),
    );
    expect(injected).toMatchObject({ code: 0 });
    expect(injected.stdout).toContain(ci?.output.trim().replace(/^\+\s+/, ''));
  });

  test('reads the same from the file that the client saves', async () => {
    for (const [format, prefix] of [
      ['tarball', 'docker-archive:'],
      ['oci', 'oci:'],
    ] as const) {
      const path = join(dir, `saved-${format}`);
      registry.client('pull', '--format', format, `${host}/shop/web:amd64`, path);
      const { code, stdout, stderr } = await run(['image', `${prefix}${path}`, '-o', 'json']);
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ images: [{ language: { is: 'nodejs' }, user: 'node' }] });
    }
  });

  const manifest = (image: string): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', annotations: { 'agent-injector.io/profile': 'opentelemetry-nodejs' } },
      spec: { containers: [{ name: 'web', image }] },
    });

  const injectedWith = async (image: string, ...flags: readonly string[]): Promise<string> => {
    const file = join(dir, 'pod.yaml');
    writeFileSync(file, manifest(image));
    const { code, stdout, stderr } = await run([
      'inject',
      '-f',
      file,
      '--set',
      'otlp-endpoint=http://collector:4318',
      ...flags,
    ]);
    expect(code, stderr).toBe(0);
    return stdout;
  };

  test('writes facts, by which inject keeps the value that the image sets', async () => {
    const image = `${host}/shop/web:1`;
    const { code, stdout } = await run(['image', image, '-o', 'facts']);
    expect(code).toBe(0);
    const file = join(dir, 'facts.json');
    writeFileSync(file, stdout);
    expect(await injectedWith(image)).not.toContain(NODE_OPTIONS);
    expect(await injectedWith(image, '--image-facts', file)).toContain(NODE_OPTIONS);
    const digest = runProgram(crane ?? '', ['digest', image]).stdout.trim();
    expect(await injectedWith(`mirror.example.com/web@${digest}`, '--image-facts', file)).toContain(NODE_OPTIONS);
  });

  test('adds facts to a file, in the place of earlier ones', async () => {
    const file = join(dir, 'more.json');
    const add = (...images: readonly string[]): ReturnType<typeof run> => run(['image', ...images, '--add-to', file]);
    expect(await add(`${host}/shop/web:amd64`)).toMatchObject({ code: 0 });
    expect(await add(`${host}/shop/web:arm64`, `${host}/shop/web:amd64`)).toMatchObject({ code: 0 });
    const { images } = JSON.parse(readFileSync(file, 'utf8')) as { images: readonly { image: string }[] };
    expect(images.map(({ image }) => image)).toEqual([`${host}/shop/web:amd64`, `${host}/shop/web:arm64`]);
    writeFileSync(file, '{"kind": "Pod"}');
    expect(await add(`${host}/shop/web:amd64`)).toMatchObject({ code: 2 });
    expect(readFileSync(file, 'utf8')).toBe('{"kind": "Pod"}');
  });

  test('is done for the images of manifests', async () => {
    expect(await injectedWith(`${host}/shop/web:1`, '--images')).toContain(NODE_OPTIONS);
    const { stdout } = await run([
      'explain',
      '-f',
      join(dir, 'pod.yaml'),
      '--set',
      'otlp-endpoint=http://c:4318',
      '--images',
    ]);
    expect(stdout).toContain('image-variable-kept');
  });

  test('says of each image that could not be read why, and shows the others', async () => {
    const { code, stdout, stderr } = await run([
      'image',
      `${host}/shop/none:1`,
      `${host}/shop/web:1`,
      `${host}/shop/web:2`,
    ]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/shop\/none:1: .*has no shop\/none/);
    expect(stderr).toMatch(/shop\/web:2: .*has no shop\/web with 2/);
    expect(stdout).toContain('nodejs 22.18.0');
  });

  test('refuses what is not the name of an image', async () => {
    expect(await run(['image', 'Not An Image'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Not An Image'),
    });
  });
});
