import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readMeasured } from '../faults/figure.ts';
import { rows, type Row } from '../faults/rows.ts';
import { table } from '../support/markdown.ts';

// docs/reliability.md is prose with one table between markers: each promise, and what was measured when it was last written down.

const file = join(import.meta.dirname, '../../docs/reliability.md');
const SECTION = /(<!-- table: figures -->\n)[\s\S]*?\n<!-- end -->/;
const all = Object.entries<Row>(rows);

const bound = ({ most, least, unit }: Row): string =>
  (most === undefined ? `at least ${least}` : `at most ${most}`) + ` ${unit}`;

const figures = (): string => {
  const measured = readMeasured();
  return table(
    ['fault', 'figure', 'promise', 'measured'],
    all.map(([name, row]) => [row.fault, row.figure, bound(row), `${measured[name] ?? '?'} ${row.unit}`]),
  );
};

describe('docs/reliability.md', () => {
  const written = readFileSync(file, 'utf8');
  const current = written.replace(SECTION, (_, start: string) => `${start}${figures()}\n<!-- end -->`);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, current);

  it('has every promise, with what was measured', () => {
    expect(readFileSync(file, 'utf8')).toBe(current);
    expect(Object.keys(readMeasured()).toSorted()).toEqual(all.map(([name]) => name).toSorted());
  });

  it('names tests that exist, for what a node may refuse', () => {
    const claims = [...current.matchAll(/`(test\/[^`]+\.test\.ts)` ((?:"[^"]+"(?:, )?)+)/g)].flatMap(
      ([, path = '', titles = '']) => [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ path, title })),
    );
    expect(claims.length).toBeGreaterThan(15);
    const root = join(import.meta.dirname, '../..');
    expect(claims.filter(({ path, title }) => !readFileSync(join(root, path), 'utf8').includes(title))).toEqual([]);
  });

  it('names tests that exist', () => {
    const named = [...written.matchAll(/`(test\/[\w./-]+\.test\.ts)`/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((path) => !existsSync(join(import.meta.dirname, '../..', path)))).toEqual([]);
  });

  it('promises nothing that no test measures', () => {
    const folder = join(import.meta.dirname, '../faults');
    const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.test.ts'),
    );
    const sources = tests.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
    expect(all.filter(([name]) => !sources.includes(`figure('${name}'`))).toEqual([]);
  });
});
