import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readMeasured } from '../bench/measured.ts';
import { speedText, tableNames, tableOf } from '../bench/page.ts';

// docs/benchmarks.md is prose with tables between markers, made of the last run of `npm run bench -- --write`.

const file = join(import.meta.dirname, '../../docs/benchmarks.md');
const readmeFile = join(import.meta.dirname, '../../README.md');
const SPEED = /(<!-- speed -->)[^\n]*(<!-- end -->)/;
const SECTION = /(<!-- table: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g;

describe('docs/benchmarks.md', () => {
  const written = readFileSync(file, 'utf8');
  const measured = readMeasured();
  const current = written.replaceAll(
    SECTION,
    (_, start: string, name: string, end: string) => `${start}${tableOf(name, measured)}\n${end}`,
  );
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, current);

  it('has every table, with what was measured', () => {
    expect(readFileSync(file, 'utf8')).toBe(current);
    expect([...current.matchAll(SECTION)].map(([, , name]) => name)).toEqual(tableNames);
  });
});

describe('README.md', () => {
  const current = readFileSync(readmeFile, 'utf8').replace(
    SPEED,
    (_, start: string, end: string) => `${start}${speedText(readMeasured().samples ?? {})}${end}`,
  );
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(readmeFile, current);

  it('says what an admission costs, as measured', () => {
    expect(current).toMatch(SPEED);
    expect(readFileSync(readmeFile, 'utf8')).toBe(current);
  });
});
