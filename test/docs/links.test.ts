import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

// Every link within the repository leads to a file that is there, and to a heading that it has.

const root = join(import.meta.dirname, '../..');
const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter((page) => existsSync(join(root, page)));

const proseOf = (text: string): string => text.replaceAll(/^```[\s\S]*?^```$/gm, '');

/** As GitHub makes them of headings. */
const anchorsIn = (page: string): ReadonlySet<string> => {
  const text = proseOf(readFileSync(page, 'utf8'));
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set(
    headings.map((one, index) => {
      const before = headings.slice(0, index).filter((other) => other === one).length;
      return before === 0 ? one : `${one}-${before}`;
    }),
  );
};

describe('links lead somewhere', () => {
  it.each(pages)('%s', (page) => {
    const links = [...proseOf(readFileSync(join(root, page), 'utf8')).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)];
    const broken = links.flatMap(([, link = '']) => {
      const [path = '', anchor] = link.split('#');
      const file = path === '' ? join(root, page) : join(root, dirname(page), path);
      if (!existsSync(file)) return [link];
      return anchor === undefined || statSync(file).isDirectory() || anchorsIn(file).has(anchor) ? [] : [link];
    });
    expect(broken).toEqual([]);
  });
});
