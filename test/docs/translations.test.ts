import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksIn } from '../support/markdown.ts';

// README.ja.md and README.ko.md are translations: their commands, keys and first manifest are those of README.md.

const root = join(import.meta.dirname, '../..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const english = read('README.md');

/** The keys, values and files that a text names as code outside of blocks. */
const named = (text: string): readonly string[] =>
  [...new Set(text.replaceAll(/^```[\s\S]*?^```$/gm, '').match(/`[^`\n]+`/g) ?? [])].toSorted();

it('README.md counts the built-in agents', () => {
  const agents = readdirSync(join(root, 'src/agents')).filter((name) => name.endsWith('.yaml'));
  expect(english).toContain(`[${agents.length} are built in](docs/agents/README.md)`);
});

describe.each(['README.ja.md', 'README.ko.md'])('%s', (name) => {
  const text = read(name);

  it('has the commands of README.md, in the same order', () => {
    expect(blocksIn(text, 'sh')).toEqual(blocksIn(english, 'sh'));
  });

  it('shows the namespace of README.md', () => {
    expect(blocksIn(english, 'yaml')).toContain(blocksIn(text, 'yaml')[0]);
  });

  it('names only what README.md names', () => {
    const inFirstScreen = ['`CORECLR_PROFILER`', '`/netagent`'];
    const known = new Set([...named(english), ...inFirstScreen]);
    expect(named(text).filter((one) => !known.has(one))).toEqual([]);
  });

  it('has the headings, promises, pictures and links of README.md', () => {
    const partsOf = (page: string): readonly (readonly string[])[] => {
      const prose = page.replaceAll(/^```[\s\S]*?^```$/gm, '');
      const promises = prose.match(/^- \*\*/gm) ?? [];
      const links = [...prose.matchAll(/\]\(([^)]*)\)/g)].map(([, to = '']) => to);
      return [prose.match(/^#+ /gm) ?? [], promises, links.filter((to) => /^docs\/(?!.*agents\/jennifer)/.test(to))];
    };
    const [headings, promises, links] = partsOf(text);
    const [wantedHeadings, wantedPromises, wantedLinks = []] = partsOf(english);
    expect({ headings, promises }).toEqual({ headings: wantedHeadings, promises: wantedPromises });
    // Links stand where the language puts them. The map of the documentation has those that are only listed at the end.
    const listed = new Set(wantedLinks.slice(wantedLinks.indexOf('docs/README.md')));
    expect(wantedLinks.filter((to) => !listed.has(to) && !links?.includes(to))).toEqual([]);
  });

  it('has the numbers of README.md: agents, versions and milliseconds', () => {
    const numbersOf = (page: string): readonly string[] => [
      ...(/\[(\d+)\D[^\]]*\]\(docs\/agents\/README\.md\)/.exec(page)?.slice(1) ?? []),
      ...new Set(page.match(/\d+\.\d+\.\d+(?=[^\d.])|Node\.js \d+|Kubernetes \d\.\d+|\d\.\d ms/g)),
    ];
    expect(numbersOf(english).length).toBeGreaterThan(5);
    expect(numbersOf(text).toSorted()).toEqual(numbersOf(english).toSorted());
  });

  it('has the table of what users control', () => {
    const keys = (page: string): readonly string[] => page.match(/`[a-z-]+(?:\.agent-injector\.io\/[^`]*)?`/g) ?? [];
    const tableOf = (page: string): string => /(?:^\|.*\n)+/m.exec(page)?.[0] ?? '';
    expect(keys(tableOf(text))).toEqual(keys(tableOf(english)));
  });
});
