import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lint } from '../../src/cli/lint/lint.ts';
import { outputText } from '../../src/cli/program/output.ts';
import { builtinNames } from '../../src/profiles/template.ts';
import { type OptionalFact, optionalFacts } from '../../src/profiles/variables/optional-facts.ts';
import { blocksIn, code, table } from '../support/markdown.ts';
import { schemaTables } from './schema-tables.ts';

const file = join(import.meta.dirname, '../../docs/profile-language.md');
const SECTION = /(<!-- table: (\w+) -->\n)[\s\S]*?<!-- end -->/g;

const facts: { readonly [name in (typeof builtinNames)[number] | OptionalFact]: string } = {
  'pod.workload':
    'The name of the workload: the Deployment, StatefulSet, CronJob… that creates the pod. Without one: the name of the pod or of the container.',
  'pod.namespace': 'The namespace of the pod.',
  'container.name': 'The name of the container.',
  'pod.workload-kind':
    'The kind of the workload: deployment, statefulset, daemonset, job or cronjob. Other pods have none.',
  'container.image-tag': 'The tag of the image, unless it is latest. An image without a tag has none.',
};

const tables: Readonly<Record<string, () => string>> = {
  ...schemaTables,
  facts: () =>
    table(
      ['fact', 'meaning'],
      [...builtinNames, ...optionalFacts].map((name) => [code(`\${${name}}`), facts[name]]),
    ),
};

describe('docs/profile-language.md', () => {
  const written = readFileSync(file, 'utf8');
  const current = written.replaceAll(
    SECTION,
    (...[, start, name]: string[]) => `${start}${tables[name ?? '']?.() ?? '?'}\n<!-- end -->`,
  );
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, current);

  it('has every table, once', () => {
    const names = [...written.matchAll(SECTION)].map((match) => match[2] ?? '');
    expect(names.toSorted()).toEqual(Object.keys(tables).toSorted());
  });

  it('says what the schema says', () => expect(readFileSync(file, 'utf8')).toBe(current));

  it('has a meaning for every field', () => {
    expect(current.split('\n').filter((line) => /^\|.*\| +\|$/.test(line))).toEqual([]);
  });

  it('has anchors for its links', () => {
    const anchors = [...current.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title.toLowerCase().replaceAll(' ', '-'),
    );
    for (const [, anchor] of current.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors).toContain(anchor);
  });

  const examples = blocksIn(current, 'yaml').filter((block) => block.includes('kind: AgentProfile'));

  it('has examples', () => expect(examples).toHaveLength(2));

  it.each(examples)('has an example that lint finds nothing in: %#', async (example) => {
    const dir = mkdtempSync(join(tmpdir(), 'agent-injector-language-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    writeFileSync(join(dir, 'profile.yaml'), example);
    const { output, exitCode } = await lint({ paths: [dir], strict: false, output: 'text' });
    expect(outputText(output)).toBe('1 profile, 1 test: no problems\n');
    expect(exitCode).toBe(0);
  });
});
