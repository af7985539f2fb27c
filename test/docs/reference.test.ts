import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startServer } from '../support/webhook-server.ts';
import { createObserverMetrics } from '../../src/metrics/observer.ts';
import { tables } from './tables.ts';

// docs/reference.md is prose with tables between markers. The tables come from the rows of the code: a row without its line and a line
// without its row both fail here. `UPDATE_DOCS=1 npx vitest run test/docs` writes them.

const file = join(import.meta.dirname, '../../docs/reference.md');
const SECTION = /(<!-- table: (\w+) -->\n)[\s\S]*?<!-- end -->/g;

const withTables = (text: string): string =>
  text.replaceAll(SECTION, (...[, start, name]: string[]) => `${start}${tables[name ?? '']?.() ?? '?'}\n<!-- end -->`);

describe('docs/reference.md', () => {
  const written = readFileSync(file, 'utf8');
  const current = withTables(written);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, current);

  it('has every table, once', () => {
    const names = [...written.matchAll(SECTION)].map((match) => match[2] ?? '');
    expect(names.toSorted()).toEqual(Object.keys(tables).toSorted());
  });

  it('says what the code says', () => {
    expect(readFileSync(file, 'utf8')).toBe(current);
  });
});

it('every metric that is served stands in the table, and the other way round', async () => {
  const server = await startServer();
  const observer = createObserverMetrics(
    {
      census: () => undefined,
      breakers: () => new Map(),
      caches: () => ({}),
      leads: () => false,
      evictions: () => ({}),
      logLinesDropped: () => 0,
    },
    'test',
  );
  const text = (await server.metrics.render()) + (await observer.render());
  await server.close();
  const served = [...text.matchAll(/^# TYPE (agent_injector_\w+)/gm)].map((match) => match[1] ?? '');
  const documented = [...(tables['metrics']?.() ?? '').matchAll(/^\| `(agent_injector_\w+)`/gm)].map(
    (match) => match[1],
  );
  expect(new Set(served)).toEqual(new Set(documented));
});
