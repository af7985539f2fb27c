import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documentsText } from '../../src/cli/import/files.ts';
import { reportLines } from '../../src/cli/import/report.ts';
import { isCarried } from '../../src/migration/key-row.ts';
import { products } from '../../src/migration/products.ts';
import { catalogue } from '../support/fixtures.ts';
import { admissionsOf, imported, manifestsIn, withDocuments } from '../support/imported.ts';
import { code, table } from '../support/markdown.ts';
import { complete, missing, partly, UPGRADE } from '../support/operator-situations.ts';

const file = join(import.meta.dirname, '../../docs/migrate.md');

const before = readFileSync(file, 'utf8');

/** A snippet for another product, what `import` makes of it, and its report. */
const SNIPPET =
  /```yaml\n# (?!agent-injector)(.+)\n([\s\S]*?)```\n\n```yaml\n# agent-injector\n([\s\S]*?)```\n(\n```text\n[\s\S]*?```\n)?/g;

const TABLE = /(<!-- table: (.+) -->\n)[\s\S]*?<!-- end -->/g;

/** The lines of the report that say what was lost, without the file. */
const lostIn = (given: string): string => {
  const { report, migration } = imported(given);
  const lines = reportLines(report, migration).filter((line) => line.includes('not carried over:'));
  return lines.map((line) => `${line.replace(/^a\.yaml:/, 'app.yaml:')}\n`).join('');
};

/** A line for each meaning, with all keys that have it. */
const tableOf = (product: string): string => {
  const keys = new Map<string, string[]>();
  for (const row of products.find((one) => one.product === product)?.rows ?? []) {
    const meaning = isCarried(row) ? row.becomes : `not carried over: ${row.why}. To do: ${row.todo}`;
    const where = row.on.some((on) => /^(?:pod|namespace) /.test(on)) ? '' : ` (${row.on.join(', ')})`;
    keys.set(meaning, [...(keys.get(meaning) ?? []), code(row.key) + where]);
  }
  return table(
    [product, 'here'],
    [...keys].map(([meaning, names]) => [names.join(', '), meaning]),
  );
};

const current = before
  .replaceAll(SNIPPET, (...[, product = '', given = '', , report]: (string | undefined)[]) => {
    const after = `\`\`\`yaml\n# agent-injector\n${documentsText(imported(given).files).replace(/^---\n/, '')}\`\`\`\n`;
    const lost = report === undefined ? '' : `\n\`\`\`text\n${lostIn(given)}\`\`\`\n`;
    return `\`\`\`yaml\n# ${product}\n${given}\`\`\`\n\n${after}${lost}`;
  })
  .replaceAll(TABLE, (...[, start, product = '']: string[]) => `${start}${tableOf(product)}\n<!-- end -->`);

if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, current);

const text = readFileSync(file, 'utf8');

const snippets = [...text.matchAll(SNIPPET)].map(([, product = '', given = '', , report]) => ({
  product,
  given,
  report,
}));

describe('docs/migrate.md', () => {
  it('says what the code says, and what import prints', () => {
    expect(text).toBe(current);
  });

  it('has a snippet and a table for each product, and every snippet is one of them', () => {
    const names = products.map(({ product }) => product).toSorted();
    expect([...new Set(snippets.map(({ product }) => product))].toSorted()).toEqual(names);
    expect([...text.matchAll(TABLE)].map(([, , product = '']) => product).toSorted()).toEqual(names);
    expect([...text.matchAll(/^```yaml$/gm)]).toHaveLength(2 * snippets.length);
  });

  it.each(snippets.map((one) => [one.product, one] as const))(
    'the result for %s injects its pods',
    (_, { given, report }) => {
      const result = imported(given);
      const known = withDocuments(result.migration.profiles);
      const admissions = admissionsOf(manifestsIn(result), known);
      expect(admissions.map(({ decision }) => decision.outcome)).toEqual(admissions.map(() => 'injected'));
      expect(admissions.flatMap(({ decision }) => decision.notices)).toEqual([]);
      // What is lost is shown with the snippet.
      expect(report === undefined).toBe(lostIn(given) === '');
    },
  );

  it('has the counts of the table of situations', () => {
    const folders = new Set([...complete.map(({ folder }) => folder), UPGRADE]).size;
    expect(text).toMatch(new RegExp(`the Operator's ${folders + missing.length} end-to-end tests`));
    expect(text).toContain(`${folders} are complete`);
    expect(new Set(partly.map(({ folder }) => folder)).size).toBe(2);
  });

  it('names parameters that there are', () => {
    const known = new Set([...catalogue.knownSettings, 'endpoint']);
    for (const [, name = ''] of text.matchAll(/agent-injector\.io\/([a-z-]+)(?=:|`)/g))
      if (!['injection', 'containers'].includes(name)) expect(known).toContain(name);
  });
});
