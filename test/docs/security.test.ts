import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BODY_LIMIT } from '../../src/webhook/body.ts';
import { attemptTables } from '../support/attempts/table.ts';
import { objectsOf, permissions, render, root } from '../support/chart.ts';
import { helm } from '../support/deploy-tools.ts';

// docs/security.md is read by auditors: existing tests verify what it claims, and the table of permissions is what is installed.

const docs = join(root, 'docs');
const path = join(docs, 'security.md');

// What users try is data (test/support/attempts): `UPDATE_DOCS=1 npx vitest run test/docs` writes it into the page.
const SECTION = /(<!-- table: (\w+) -->\n)[\s\S]*?<!-- end -->/g;
const current = readFileSync(path, 'utf8').replaceAll(
  SECTION,
  (...[, start, name]: string[]) => `${start}${attemptTables[name ?? '']?.() ?? '?'}\n<!-- end -->`,
);
if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, current);

const text = readFileSync(path, 'utf8');

/** The test files that the page names, each with the titles that stand behind it. */
const claims = [...text.matchAll(/`(test\/[^`]+)`([^`|]*)/g)].map(([, file = '', rest = '']) => ({
  file,
  titles: [...rest.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title.replaceAll(/\s+/g, ' ')),
}));

/** What the tests and groups of a file are called: of a table of tests, its pattern and its names. */
function titlesIn(file: string): readonly string[] {
  const titles = /(?:\b(?:it|test|describe)(?:\.\w+)?\(|\)\(|^\s*\[?)\s*(['"`])((?:\\.|(?!\1)[^\n])*)\1/gm;
  return [...readFileSync(join(root, file), 'utf8').matchAll(titles)].map(([, , title = '']) =>
    title.replaceAll(/\\(.)/g, '$1'),
  );
}

const anchorsIn = (page: string): readonly string[] =>
  [...readFileSync(join(docs, page), 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('docs/security.md', () => {
  it('has every table of attempts, once, as they are tried', () => {
    const names = [...text.matchAll(SECTION)].map((match) => match[2] ?? '');
    expect(names.toSorted()).toEqual(Object.keys(attemptTables).toSorted());
    expect(text).toBe(current);
  });

  it('names tests', () => expect(claims.length).toBeGreaterThan(40));

  it.each(claims)('$file $titles', ({ file, titles }) => {
    expect(existsSync(join(root, file))).toBe(true);
    expect(titles).not.toEqual([]);
    const there = titlesIn(file);
    for (const title of titles)
      expect(
        there.filter((one) => one.includes(title)),
        title,
      ).not.toEqual([]);
  });

  it('has the bound of a body that the server has', () => {
    expect(text).toContain(`a body has at most ${BODY_LIMIT / 1024 / 1024} MiB;`);
  });

  it('makes no claim in a table without a test', () => {
    const tables = [...text.matchAll(/^\| (?:claim|bound) \| verified by \|\n\|---\|---\|\n((?:\|.*\n)+)/gm)];
    const rows = tables.flatMap(([, body = '']) => body.trim().split('\n'));
    expect(rows.length).toBeGreaterThan(35);
    expect(rows.filter((row) => !row.includes('`test/'))).toEqual([]);
  });

  it('has links that lead somewhere', () => {
    const links = [...text.matchAll(/\]\(([^)#]*)(?:#([^)]+))?\)/g)];
    expect(links.length).toBeGreaterThan(15);
    for (const [, page = '', anchor] of links) {
      const target = page === '' ? 'security.md' : page;
      expect(existsSync(join(docs, target)), target).toBe(true);
      if (anchor !== undefined) expect(anchorsIn(target), target).toContain(anchor);
    }
  });
});

describe('its permissions', () => {
  const written = [...text.matchAll(/^\| ((?:Cluster)?Role [\w-]+) \| ([^|]+) \| ([^|]+) \|/gm)].flatMap(
    ([, role = '', verbs = '', on = '']) => {
      // A name of one object stands behind its resource; several resources stand apart by commas.
      const resources = on.trim().split(', ');
      return resources.flatMap((resource) =>
        verbs
          .trim()
          .split(', ')
          .map((verb) => `${role}: ${verb} ${resource}`),
      );
    },
  );
  const optional = (line: string): boolean => /-config-map-keys|-resources|-status|-image-facts/.test(line);

  it('are those that are installed, to the verb', () => {
    const installed = permissions(objectsOf(readFileSync(join(root, 'deploy/install.yaml'), 'utf8')));
    expect(written.filter((line) => !optional(line)).toSorted()).toEqual(installed.toSorted());
  });

  it.skipIf(helm === undefined)('are all that the chart can give, options included', () => {
    const all = render('default', {
      args: ['--no-hooks', '--set', 'configMapKeys.enabled=true,crds.install=true,imageFacts.enabled=true'],
    });
    expect(written.toSorted()).toEqual(permissions(all).toSorted());
  });
});
