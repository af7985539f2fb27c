import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inject } from '../../src/cli/inject.ts';
import { outputText } from '../../src/cli/program/output.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
let dir: string;
let readme: string;
const blocks = new Map<string, string>();

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agent-injector-readme-'));
  readme = await readFile(join(root, 'README.md'), 'utf8');
  for (const match of readme.matchAll(/```yaml\n# (\S+\.yaml).*\n([\s\S]*?)```/g))
    blocks.set(match[1] ?? '', match[2] ?? '');
  for (const [name, text] of blocks) await writeFile(join(dir, name), text);
});
afterAll(() => rm(dir, { recursive: true }));

it('before.yaml becomes after.yaml in the namespace of namespace.yaml, to the byte', async () => {
  const result = await inject({
    files: [join(dir, 'before.yaml')],
    namespaces: join(dir, 'namespace.yaml'),
    namespace: 'default',
    config: undefined,
    profile: undefined,
    set: [],
    diff: false,
  });
  expect(result.exitCode).toBe(0);
  expect(outputText(result.output)).toBe(blocks.get('after.yaml'));
});

describe('what the README and the other pages say', () => {
  it('names scripts that exist', async () => {
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...readme.matchAll(/npm (?:run )?(demo|test|start|build|e2e|check)\b/g)].map(
      (match) => match[1] ?? '',
    );
    expect(named.length).toBeGreaterThan(4);
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
  });

  it('links to files that are there', async () => {
    const { stdout } = await run('git', ['ls-files', '*.md'], { cwd: root });
    for (const page of stdout.trim().split('\n')) {
      const text = await readFile(join(root, page), 'utf8');
      for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        await expect(
          readFile(join(root, page, '..', target ?? '')).catch(
            (error: NodeJS.ErrnoException) => error.code === 'EISDIR',
          ),
          `${page}: ${target}`,
        ).resolves.toBeTruthy();
      }
    }
  });
});
