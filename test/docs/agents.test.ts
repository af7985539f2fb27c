import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { inject } from '../../src/cli/inject.ts';
import { outputText } from '../../src/cli/program/output.ts';
import { container, pod } from '../support/fixtures.ts';
import { agentPages } from './agent-pages.ts';
import { blocksIn } from '../support/markdown.ts';

// docs/agents has a page for each built-in profile, made of it. `UPDATE_DOCS=1 npx vitest run test/docs` writes them.

const folder = join(import.meta.dirname, '../../docs/agents');
const pages = agentPages();

if (process.env['UPDATE_DOCS'] === '1') {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder).filter((one) => !pages.has(one))) rmSync(join(folder, name));
  for (const [name, text] of pages) writeFileSync(join(folder, name), text);
}

describe('docs/agents', () => {
  it.each([...pages.keys()].filter((name) => /\.(?:ja|ko)\.md$/.test(name)))(
    '%s says of the same parameters as the English page that an annotation does not set them',
    (name) => {
      const english = pages.get(name.replace(/\.(?:ja|ko)\.md$/, '.md')) ?? '';
      const locked = [...english.matchAll(/^\| (`agent-injector\.io\/[^`]+`) .*\| cluster \|/gm)].map(([, key]) => key);
      const marked = /クラスターのみ|클러스터만/;
      const rows = (pages.get(name) ?? '').split('\n').filter((line) => line.startsWith('| `') && marked.test(line));
      expect(rows.map((row) => row.split(' ')[1])).toEqual(locked);
    },
  );

  it('has a page for each profile, and no other', () => {
    expect(readdirSync(folder).toSorted()).toEqual([...pages.keys()].toSorted());
  });

  describe.each([...pages.keys()])('%s', (name) => {
    const text = readFileSync(join(folder, name), 'utf8');

    it('says what the code says', () => expect(text).toBe(pages.get(name)));

    it.skipIf(name === 'README.md')('shows a namespace in which a pod gets what is shown', async () => {
      const [namespace = '', gets = ''] = blocksIn(text, 'yaml');
      const dir = mkdtempSync(join(tmpdir(), 'agent-injector-page-'));
      onTestFinished(() => rmSync(dir, { recursive: true }));
      const file = join(dir, 'pod.yaml');
      writeFileSync(file, stringify(pod([container('web')])));
      writeFileSync(join(dir, 'namespaces.yaml'), namespace);
      const result = await inject({
        files: [file],
        namespaces: join(dir, 'namespaces.yaml'),
        namespace: 'shop',
        config: undefined,
        profile: undefined,
        set: [],
        diff: false,
      });
      expect(result.exitCode, result.messages.join('\n')).toBe(0);
      const after = parse(outputText(result.output)) as {
        spec: { containers: { env: unknown[]; volumeMounts: unknown[] }[] };
      };
      const { env, volumeMounts = [] } = after.spec.containers[0] ?? {};
      expect({ env, volumeMounts }).toEqual(parse(gets));
    });
  });
});
