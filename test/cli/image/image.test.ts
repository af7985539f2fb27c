import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readImageFacts } from '../../../src/api/image-facts.ts';
import { imageLookup } from '../../../src/api/image-lookup.ts';
import { image } from '../../../src/cli/image/image.ts';
import { makeImage, makeTar } from '../../support/made-image.ts';

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-saved-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const made = makeImage({ config: { Env: ['NODE_OPTIONS=--max-old-space-size=200'] } });

function save(name: string, RepoTags: readonly string[] | null): string {
  const path = join(dir, name);
  const manifest = Buffer.from(JSON.stringify([{ Config: 'config.json', RepoTags, Layers: [] }]));
  writeFileSync(path, makeTar({ 'manifest.json': manifest, 'config.json': made.config }));
  return path;
}

const factsOf = (path: string): ReturnType<typeof image> =>
  image({ references: [path], platform: 'linux/amd64', output: 'facts', addTo: `${path}.facts.json` });

describe('a name that is not read from a registry', () => {
  it('and is also that of a file: the message names the file', async () => {
    const before = process.cwd();
    // Port 1 of this machine has no registry.
    mkdirSync(join(dir, '127.0.0.1:1'));
    writeFileSync(join(dir, '127.0.0.1:1/web.tar'), '');
    process.chdir(dir);
    try {
      const references = ['127.0.0.1:1/web.tar', '127.0.0.1:1/other.tar'];
      const { messages = [] } = await image({ references, platform: 'linux/amd64', output: 'text' });
      expect(messages.map((one) => one.endsWith(' ./127.0.0.1:1/web.tar'))).toEqual([true, false]);
    } finally {
      process.chdir(before);
    }
  });
});

describe('facts about an image of docker save', () => {
  it('count for its tag, and name no digest', async () => {
    const path = save('tagged.tar', ['registry.example.com/shop/web:1']);
    expect(await factsOf(path)).toMatchObject({ exitCode: 0, messages: [] });
    const { images, problems } = readImageFacts(JSON.parse(readFileSync(`${path}.facts.json`, 'utf8')));
    expect(problems).toEqual([]);
    const lookup = imageLookup(images, { maxAgeMs: 1000, now: () => images[0]?.readAt ?? 0 });
    expect(lookup('registry.example.com/shop/web:1')).toMatchObject({ by: 'tag', digest: undefined });
    expect(lookup('registry.example.com/shop/web:2')).toBeUndefined();
  });

  it('are left out, and the command says so, if the file has no tag', async () => {
    const path = save('untagged.tar', null);
    const { exitCode, messages } = await factsOf(path);
    expect({ exitCode, messages }).toEqual({ exitCode: 3, messages: [expect.stringContaining(path)] });
    expect(JSON.parse(readFileSync(`${path}.facts.json`, 'utf8'))).toMatchObject({ images: [] });
  });
});
