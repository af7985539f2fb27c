import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startServer } from '../support/webhook-server.ts';
import { createObserverMetrics } from '../../src/metrics/observer.ts';
import { tables } from './tables.ts';

// The pages of docs/reference are prose with tables between markers. The tables come from the rows of the code: a row without its line and a line
// without its row both fail here. `UPDATE_DOCS=1 npx vitest run test/docs` writes them.

const folder = join(import.meta.dirname, '../../docs/reference');
const files = readdirSync(folder).map((name) => join(folder, name));
const SECTION = /(<!-- table: (\w+) -->\n)[\s\S]*?<!-- end -->/g;

const withTables = (text: string): string =>
  text.replaceAll(SECTION, (...[, start, name]: string[]) => `${start}${tables[name ?? '']?.() ?? '?'}\n<!-- end -->`);

describe('docs/reference', () => {
  const written = files.map((file) => ({ file, text: readFileSync(file, 'utf8') }));
  if (process.env['UPDATE_DOCS'] === '1') for (const { file, text } of written) writeFileSync(file, withTables(text));

  it('has every table, once', () => {
    const names = written.flatMap(({ text }) => [...text.matchAll(SECTION)].map((match) => match[2] ?? ''));
    expect(names.toSorted()).toEqual(Object.keys(tables).toSorted());
  });

  it.each(files)('%s says what the code says', (file) => {
    const text = readFileSync(file, 'utf8');
    expect(text).toBe(withTables(text));
  });

  it('has short pages, each on the map', () => {
    const map = readFileSync(`${folder}.md`, 'utf8');
    for (const { file, text } of written) {
      expect(text.split('\n').length, file).toBeLessThan(300);
      expect(map).toContain(`](reference/${basename(file)})`);
    }
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
