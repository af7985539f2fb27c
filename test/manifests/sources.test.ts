import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAddress } from '../../src/manifests/address.ts';
import { readManifests } from '../../src/manifests/sources.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-sources-'));
  mkdirSync(join(dir, 'below'));
  mkdirSync(join(dir, 'empty'));
  for (const name of ['b.yaml', 'a.yml', 'c.json', 'below/d.yaml']) writeFileSync(join(dir, name), pod(name));
  writeFileSync(join(dir, 'notes.txt'), 'a: [');
  writeFileSync(join(dir, 'empty', 'broken.yaml'), 'a: [');
});
afterAll(() => rmSync(dir, { recursive: true }));

const pod = (name: string): string => JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: {} });

const namesIn = async (...given: Parameters<typeof readManifests>) =>
  (await readManifests(...given)).map(({ file, manifest }) => [file.slice(dir.length + 1), manifest.objects[0]?.name]);

describe('manifests', () => {
  it('are read from files and directories, in order', async () => {
    expect(await namesIn([join(dir, 'c.json'), dir])).toEqual([
      ['c.json', 'c.json'],
      ['a.yml', 'a.yml'],
      ['b.yaml', 'b.yaml'],
      ['c.json', 'c.json'],
    ]);
  });

  it('are read from the directories below, if that is asked for', async () => {
    expect((await namesIn([dir], { recursive: true }).catch((error: Error) => error.message)).toString()).toContain(
      'broken.yaml:1:',
    );
    expect(await namesIn([join(dir, 'below')], { recursive: true })).toEqual([['below/d.yaml', 'below/d.yaml']]);
  });

  it.each([
    ['missing.yaml', /missing\.yaml: no such file or directory$/],
    ['http://example.com/a.yaml', /^http:\/\/example\.com\/a\.yaml: only https addresses/],
    ['file:///etc/passwd', /only https addresses/],
  ])('%s is an error that names it', async (path, message) => {
    await expect(readManifests([path])).rejects.toThrow(message);
  });

  it('report the problems of all files', async () => {
    const broken = join(dir, 'empty', 'broken.yaml');
    await expect(readManifests([broken, join(dir, 'none.yaml')])).rejects.toThrow(/none\.yaml/);
    await expect(readManifests([broken, broken])).rejects.toThrow(/broken\.yaml[\s\S]*broken\.yaml/);
    await expect(readManifests(['-', '-'])).rejects.toThrow(/only once/);
  });
});

describe('an https address', () => {
  const answering = (url: string, status: number, text: string): typeof fetch => {
    const response = new Response(text, { status });
    Object.defineProperty(response, 'url', { value: url });
    return async () => response;
  };

  it('is read', async () => {
    const address = 'https://example.com/a.yaml';
    expect((await readAddress(address, answering(address, 200, 'kind: Pod\n'))).toString()).toBe('kind: Pod\n');
  });

  it.each([
    ['another status', answering('https://example.com/a', 404, ''), /answered 404/],
    ['a redirect out of https', answering('http://example.com/a', 200, 'x'), /only https/],
    [
      'no answer',
      async () => {
        throw new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND example.com') });
      },
      /ENOTFOUND/,
    ],
  ] as const)('with %s is an error', async (_, get, message) => {
    await expect(readAddress('https://example.com/a', get)).rejects.toThrow(message);
  });
});
