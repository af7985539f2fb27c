import { readFileSync } from 'node:fs';
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

  it('has the table of what users control', () => {
    const keys = (page: string): readonly string[] => page.match(/`[a-z-]+(?:\.agent-injector\.io\/[^`]*)?`/g) ?? [];
    const tableOf = (page: string): string => /(?:^\|.*\n)+/m.exec(page)?.[0] ?? '';
    expect(keys(tableOf(text))).toEqual(keys(tableOf(english)));
  });
});
