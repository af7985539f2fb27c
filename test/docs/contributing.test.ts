import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
const section = /<!-- table: where -->\n([\s\S]*?)<!-- end -->/.exec(page)?.[1] ?? '';
const rows = [...section.matchAll(/^\| (the .*?) \| `([^`]+)` \|$/gm)].map(([, what = '', path = '']) => ({
  what,
  path,
}));

describe('CONTRIBUTING.md', () => {
  it('answers at least twenty questions, each once', () => {
    expect(rows.length).toBeGreaterThanOrEqual(20);
    expect(new Set(rows.map(({ what }) => what)).size).toBe(rows.length);
  });

  it.each(rows)('$what is in $path', ({ path }) => expect(existsSync(join(root, path))).toBe(true));

  it('names only scripts and files that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...page.matchAll(/`npm run ([\w:]+)`/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
    const files = [...page.matchAll(/`npx vitest run (\S+)`/g)].map(([, path = '']) => path);
    expect(files.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const links = [...page.matchAll(/\]\(([\w./-]+)\)/g)].map(([, path = '']) => path);
    expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
