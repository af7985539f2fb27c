import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { admitInContext } from '../../src/admission/admit.ts';
import { toNamespace } from '../../src/cluster/caches/namespace-object.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { languageOfProgram, languageProofs, languagesOfImage } from '../../src/profiles/automatic/languages.ts';
import { choiceFor } from '../../src/settings/selected-profiles.ts';
import { catalogue, catalogueOf, container, namespace, pod, profileDocument } from '../support/fixtures.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/auto.md'), 'utf8');
const [shop = {}, erlang = {}] = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(
  ([, yaml = '']) => parse(yaml) as JsonObject,
);

const languages: Readonly<Record<string, string>> = {
  '.NET': 'dotnet',
  Java: 'java',
  'Node.js': 'nodejs',
  Python: 'python',
  PHP: 'php',
  Ruby: 'ruby',
};

const quoted = (cell: string): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);

describe('docs/auto.md', () => {
  it('has a namespace that gives each container its agent', () => {
    const place = toNamespace(shop);
    if (!place) throw new Error('the snippet is no Namespace');
    const given = pod([container('api', { command: ['java'] }), container('web', { command: ['node'] })]);
    const { decision } = admitInContext({ pod: given, namespace: place, catalogue, cluster: unknownCluster });
    expect(decision).toMatchObject({
      outcome: 'injected',
      containers: [{ profile: 'opentelemetry-java' }, { profile: 'opentelemetry-nodejs' }],
    });
  });

  it('has a profile that proves its language', () => {
    const known = catalogueOf(profileDocument(erlang['spec'] as object, 'own'));
    const app = container('app', { command: ['beam.smp'] });
    const sources = { pod: pod([app]), namespace: namespace({ profile: 'auto(own)' }), cluster: unknownCluster };
    expect(choiceFor({ ...sources, catalogue: known }, app).profiles.ok).toBe(true);
  });

  it.each(Object.entries(languages))('says what proves %s', (name, language) => {
    const [, programs = '', variables = ''] = text.match(`\\| ${name.replace('.', '\\.')} \\| (.*) \\| (.*) \\|`) ?? [];
    const proofs = languageProofs(catalogue);
    const found = quoted(programs).map((program) => languageOfProgram(program.replace('*', 'app'), proofs)?.is);
    expect(new Set(found)).toEqual(new Set([language]));
    const shown = quoted(variables).map(
      (variable) => languagesOfImage([{ name: variable, value: '1' }], proofs)[0]?.is,
    );
    expect(new Set(shown)).toEqual(new Set([language]));
  });
});
