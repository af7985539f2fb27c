import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Image, readImage } from '../../src/images/image.ts';
import { withLayout } from '../../src/images/layout.ts';
import { makeImage, makeTar, sha256 } from '../support/made-image.ts';

const image = makeImage({ config: { Env: ['A=1'] } });
const blob = (bytes: Buffer): string => `blobs/${sha256(bytes).replace(':', '/')}`;
const layout = {
  'index.json': image.index,
  [blob(image.manifest)]: image.manifest,
  [blob(image.config)]: image.config,
};
const hex = sha256(image.config).slice('sha256:'.length);
const saved = (Config: string): Buffer => Buffer.from(JSON.stringify([{ Config, RepoTags: ['web:1'], Layers: [] }]));

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-images-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function write(name: string, bytes: Buffer): string {
  const path = join(dir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

const read = (path: string): Promise<Image> => withLayout(path, (source) => readImage(source, 'linux/amd64'));

describe('an image that was saved', () => {
  it('as an OCI layout in a directory', async () => {
    for (const [name, bytes] of Object.entries(layout)) write(join('layout', name), bytes);
    expect(await read(join(dir, 'layout'))).toMatchObject({
      digest: sha256(image.index),
      config: { config: { Env: ['A=1'] } },
    });
  });

  it('has the digest of the image that its index names, as in a registry', async () => {
    const index = Buffer.from(
      JSON.stringify({
        manifests: [{ digest: sha256(image.index), annotations: { 'org.opencontainers.image.ref.name': '1' } }],
      }),
    );
    const path = write('named.tar', makeTar({ ...layout, 'index.json': index, [blob(image.index)]: image.index }));
    expect(await read(path)).toMatchObject({ digest: sha256(image.index), platforms: ['linux/amd64'] });
  });

  it('as an OCI layout in a tar, behind a layer that is not read', async () => {
    const path = write('oci.tar', makeTar({ 'blobs/sha256/layer': Buffer.alloc(3_000_000, 1), ...layout }));
    expect(await read(path)).toMatchObject({ platform: 'linux/amd64', config: { config: { Env: ['A=1'] } } });
  });

  it.each([`${hex}.json`, `blobs/sha256/${hex}`])('by docker save, with its config in %s', async (name) => {
    const path = write('saved.tar', makeTar({ 'manifest.json': saved(name), [name]: image.config }));
    expect(await read(path)).toMatchObject({ digest: undefined, name: 'web:1', config: { config: { Env: ['A=1'] } } });
  });

  it.each<[string, Buffer, RegExp]>([
    ['is compressed', gzipSync(makeTar(layout)), /gunzip/],
    ['is no tar', Buffer.alloc(2048, 'x'), /not a tar/],
    ['is empty', Buffer.alloc(0), /neither/],
    ['has no index', makeTar({ a: Buffer.from('b') }), /neither/],
    ['lacks a blob', makeTar({ 'index.json': image.index }), /is missing/],
    ['has another blob', makeTar({ ...layout, [blob(image.config)]: Buffer.from('{}') }), /digest of the config/],
    ['ends early', makeTar(layout).subarray(0, 700), /it ends within|is missing/],
    ['has a huge index', makeTar({ 'index.json': Buffer.alloc(5_000_000, ' ') }), /more than/],
    ['has several images', makeTar({ 'manifest.json': Buffer.from('[{"Config":"a"},{"Config":"b"}]') }), /save one/],
    [
      'has a config with another hash',
      makeTar({ 'manifest.json': saved(`${hex}.json`), [`${hex}.json`]: Buffer.from('{}') }),
      /digest/,
    ],
  ])('%s: an error that says so', async (name, bytes, message) => {
    await expect(read(write(`${name}.tar`, bytes))).rejects.toThrow(message);
  });

  it('is no file: an error that says so', async () => {
    await expect(read('/dev/null')).rejects.toThrow(/neither a file/);
  });

  it('is not there: an error that says so', async () => {
    await expect(read(join(dir, 'none'))).rejects.toThrow(/could not be read/);
  });
});
