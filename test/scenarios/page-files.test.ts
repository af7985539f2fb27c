import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pageFiles } from 'page-files';
import { describe, expect, it } from 'vitest';
import { root } from '../support/chart.ts';
import { pageMetafile, readPageFiles } from '../../tools/page-files.js';

// What a browser loads. docs/performance.md says these limits.

/** Compressed, of all that the first screen loads. */
const FIRST_KB = 60;

/** Compressed, of what "Try it" loads when it is opened: all decisions, the built-in profiles, the reader of YAML. */
const TRY_KB = 200;

const files = await readPageFiles();
const { inputs, outputs } = await pageMetafile();
const contentOf = (name: string): string => files.find((one) => one.name === name)?.content.toString() ?? '';
const packedSize = (names: Iterable<string>): number =>
  [...names].reduce((sum, name) => sum + gzipSync(contentOf(name), { level: 9 }).length, 0) / 1024;
const nameOf = (output: string): string => output.slice(output.lastIndexOf('/') + 1);
const outputOf = (source: string): string =>
  Object.keys(outputs).find((one) => outputs[one]?.entryPoint === source) ?? source;

/** A chunk with all that it loads before it runs. */
function loadedBy(output: string): ReadonlySet<string> {
  const found = new Set([output]);
  for (const one of found) {
    for (const { kind, path } of outputs[one]?.imports ?? []) if (kind === 'import-statement') found.add(path);
  }
  return new Set([...found].map(nameOf));
}

const first = loadedBy(outputOf('src/page-app/main.tsx'));
const style = nameOf(outputOf('src/page-app/page.css'));
const index = contentOf('index.html');

const own = Object.keys(inputs).filter((source) => source.startsWith('src/page-app/'));

describe('the application', () => {
  it(`has a first screen of at most ${FIRST_KB} KB, without the code of the decisions`, () => {
    expect(packedSize([...first, style, 'index.html'])).toBeLessThan(FIRST_KB);
    const sources = [...first].flatMap((name) => Object.keys(outputs[`page/${name}`]?.inputs ?? {}));
    expect(sources).toContain('src/page-app/app.tsx');
    const ofCore =
      /^src\/(?:admission|injection|profiles|settings|agents|diagnostics)\/|^(?:yaml:src\/agents|catalogue:)|node_modules\/(?:yaml|zod)\//;
    expect(sources.filter((source) => ofCore.test(source))).toEqual([]);
  });

  it(`loads at most ${TRY_KB} KB more for "Try it"`, () => {
    const more = [...loadedBy(outputOf('src/page-app/try/decide.ts'))].filter((name) => !first.has(name));
    expect(more.length).toBeGreaterThan(0);
    expect(packedSize(more)).toBeLessThan(TRY_KB);
  });

  it('is served under a policy that allows its own files only: nothing inline, and nothing from elsewhere', () => {
    expect(index).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/i);
    expect(index.match(/<script[^>]*>[^<]+/g)).toBeNull();
    const named = [...index.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address);
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((address) => !files.some(({ name }) => name === address))).toEqual([]);
    expect(contentOf(style)).not.toMatch(/url\(|@import|https?:/);
  });

  it.each(own)('%s makes no HTML and no code of text', (source) => {
    const text = readFileSync(join(root, source), 'utf8');
    const sinks =
      /dangerouslySetInnerHTML|\b(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|DOMParser/;
    expect(sinks.exec(text)?.[0]).toBeUndefined();
  });

  it('has names that change with the content, other than that of the document', () => {
    for (const { name } of files) if (name !== 'index.html') expect(name).toMatch(/-[A-Za-z0-9]{8}\.(?:js|css|svg)$/);
    expect(index).toContain(style);
  });
});

describe('page-files', () => {
  it('has every file, compressed, with its type', () => {
    expect([...pageFiles.keys()].toSorted()).toEqual(files.map(({ name }) => name).toSorted());
    for (const { name, type, content } of files) {
      const packed = pageFiles.get(name);
      expect(packed?.type).toBe(type);
      expect(type).toMatch(/^(?:text\/(?:html|css|javascript); charset=utf-8|image\/svg\+xml)$/);
      expect(gunzipSync(packed?.gzip ?? '').equals(content), name).toBe(true);
    }
  });
});
