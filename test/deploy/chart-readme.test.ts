import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { chart } from '../support/chart.ts';
import { chartReadme } from './chart-readme.ts';

const file = join(chart, 'README.md');
const current = chartReadme();
if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, current);

it('the README of the chart says what its values say', () => {
  expect(readFileSync(file, 'utf8')).toBe(current);
});

it('the README of the chart has a row for each value', () => {
  const values = parse(readFileSync(join(chart, 'values.yaml'), 'utf8')) as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(values)) expect(current).toMatch(new RegExp(`^\\| \`${name}[.\`]`, 'm'));
});
