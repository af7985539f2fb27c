import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { admit } from '../../src/admission/admit.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import { catalogue, container, pod } from '../support/fixtures.ts';
import { blocksIn } from '../support/markdown.ts';
import { complete, missing, partly, UPGRADE } from '../support/operator-situations.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/migrate.md'), 'utf8');

interface Manifest {
  readonly metadata: Pick<Namespace, 'name' | 'labels' | 'annotations'>;
}

describe('docs/migrate.md', () => {
  const namespaces = blocksIn(text, 'yaml').map((block) => (parse(block) as Manifest).metadata);

  it.each(namespaces.map((place) => [place.name, place] as const))(
    'the settings of namespace %s inject a pod, without a notice',
    (_, place) => {
      const { decision } = admit(pod([container('web')]), place, catalogue);
      expect(decision.outcome).toBe('injected');
      expect(decision.notices).toEqual([]);
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
