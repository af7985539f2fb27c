import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { rows, type Row, type RowName } from './rows.ts';

/** The measurements that docs/reliability.md shows. */
export const measuredFile = join(import.meta.dirname, 'measured.json');

export function readMeasured(): Readonly<Record<string, number>> {
  return JSON.parse(readFileSync(measuredFile, 'utf8')) as Readonly<Record<string, number>>;
}

/** Asserts that a measurement is within the bounds of its row. `UPDATE_DOCS=1 npm run e2e:faults` stores it. */
export function figure(name: RowName, value: number): void {
  const row: Row = rows[name];
  console.log(`${name}: ${row.figure}: ${value} ${row.unit}`);
  if (row.most !== undefined) expect(value, `${row.fault}: ${row.figure}`).toBeLessThanOrEqual(row.most);
  if (row.least !== undefined) expect(value, `${row.fault}: ${row.figure}`).toBeGreaterThanOrEqual(row.least);
  if (process.env['UPDATE_DOCS'] !== '1') return;
  const measured = Object.entries({ ...readMeasured(), [name]: value }).toSorted(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(measuredFile, `${JSON.stringify(Object.fromEntries(measured), undefined, 2)}\n`);
}
