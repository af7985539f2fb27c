import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { offlineInputs } from '../../src/config/catalogue.ts';
import { mountedDirectory } from '../support/mounted-directory.ts';
import { only, render, root } from '../support/chart.ts';
import { helm } from '../support/deploy-tools.ts';

// test/e2e/install.test.ts runs what the pages say on a real API server; here stands what needs none.

const text = readFileSync(join(root, 'docs/operations.md'), 'utf8');
const values = [...text.matchAll(/```yaml\n# values: (\S+)\n([\s\S]*?)```/g)].map(([, name = '', block = '']) => ({
  name,
  block,
}));

describe('docs/operations.md', () => {
  it('has anchors for its links', () => {
    const anchors = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title.toLowerCase().replaceAll(' ', '-'));
    const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
    expect(links.length).toBeGreaterThan(10);
    for (const anchor of links) expect(anchors).toContain(anchor);
    const reference = readdirSync(join(root, 'docs/reference'))
      .map((name) => readFileSync(join(root, 'docs/reference', name), 'utf8'))
      .join('\n')
      .toLowerCase();
    for (const [, anchor = ''] of text.matchAll(/\]\(reference\.md#([^)]+)\)/g))
      expect(reference).toContain(`\n## ${anchor.replaceAll('-', ' ')}\n`);
  });

  it('names the entries that the chart has', () => {
    for (const [, name = ''] of text.matchAll(/^\| `([\w-]+\.agent-injector\.io)` \|/gm)) {
      expect(readFileSync(join(root, 'deploy/install.yaml'), 'utf8')).toContain(`  - name: ${name}\n`);
    }
  });

  it('has values to show', () => expect(values.length).toBeGreaterThan(2));

  it('has profiles that make sense', async () => {
    const documents = values.flatMap(({ block }) =>
      Object.entries((parse(block) as { profiles?: Record<string, string> }).profiles ?? {}),
    );
    expect(documents.length).toBeGreaterThan(0);
    const files = documents.map(([name, document]) => [`${name}.yaml`, document]);
    const mounted = await mountedDirectory(Object.fromEntries(files) as Record<string, string>);
    onTestFinished(mounted.remove);
    const { catalogue } = await offlineInputs({ profiles: mounted.dir });
    for (const [name] of documents) expect(catalogue.profiles.get(name)?.namespaces).toEqual(['shop-*']);
  });

  describe.skipIf(helm === undefined)('with helm', () => {
    it.each(values)('has values that the chart takes: $name', ({ block }) => {
      const dir = mkdtempSync(join(tmpdir(), 'agent-injector-docs-'));
      onTestFinished(() => rmSync(dir, { recursive: true }));
      const file = join(dir, 'values.yaml');
      writeFileSync(file, block);
      expect(Object.keys(parse(block) as object).length).toBeGreaterThan(0);
      expect(only(render('default', { args: ['--values', file] }), 'Deployment').metadata?.name).toBe('agent-injector');
    });
  });
});
