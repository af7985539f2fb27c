import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

// docs/faq.md answers what users of admission injectors complain of. An answer counts for what a test shows.

const root = join(import.meta.dirname, '../..');
const docs = join(root, 'docs');
const text = readFileSync(join(docs, 'faq.md'), 'utf8');

interface Section {
  readonly number: number;
  readonly title: string;
  readonly body: string;
}
const sections: readonly Section[] = text
  .split(/^## /m)
  .slice(1)
  .map((part) => {
    const [, number = '', title = '', body = ''] = /^(\d+)\. (.+)\n([\s\S]*)$/.exec(part) ?? [];
    return { number: Number(number), title, body };
  });

/** The files and titles of the tests that show an answer, by the number of its section. */
const shownBy = parse(readFileSync(join(import.meta.dirname, 'faq-tests.yaml'), 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, readonly string[]>>>
>;

/** What the tests and groups of a file are called: of a table of tests, its pattern. */
function titlesIn(file: string): readonly string[] {
  const calls = /(?:\b(?:it|test|describe)\(|\)\()\s*(['"`])((?:\\.|(?!\1)[^\n])*)\1/g;
  return [...readFileSync(join(root, file), 'utf8').matchAll(calls)].map(([, , title = '']) =>
    title.replaceAll(/\\(.)/g, '$1'),
  );
}

const anchorsIn = (page: string): readonly string[] =>
  [...readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('docs/faq.md', () => {
  it('has 26 sections, numbered', () => {
    expect(sections.map(({ number }) => number)).toEqual(Array.from({ length: 26 }, (_, index) => index + 1));
  });

  describe.each(sections)('$number $title', ({ number, body }) => {
    it('is short, and leads on', () => {
      expect(body.trim().length).toBeGreaterThan(100);
      expect(body.trim().length).toBeLessThan(900);
      expect(body).toMatch(/\]\((?:reference|operations|reasons|explain|profile-language|agents\/)[^)]*\)/);
    });

    it('is shown by tests that there are', () => {
      const shown = Object.entries(shownBy[String(number)] ?? {});
      expect(shown).not.toEqual([]);
      for (const [file, titles] of shown) {
        expect(file).toMatch(/^test\/.*\.test\.ts$/);
        expect(existsSync(join(root, file)), file).toBe(true);
        const there = titlesIn(file);
        expect(titles, file).not.toEqual([]);
        for (const title of titles)
          expect(
            there.filter((one) => one.includes(title)),
            `${file}: ${title}`,
          ).not.toEqual([]);
      }
    });

    it('has links that lead somewhere', () => {
      for (const [, page = '', anchor] of body.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
        const file = page === '' ? join(docs, 'faq.md') : join(docs, page);
        expect(existsSync(file), page).toBe(true);
        if (anchor !== undefined) expect(anchorsIn(file), page).toContain(anchor);
      }
    });
  });
});
