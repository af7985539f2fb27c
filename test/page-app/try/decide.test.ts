import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { conditionsFrom, decide } from '../../../src/page-app/try/decide.ts';
import { SAMPLE_MANIFEST, SAMPLE_NAMESPACE } from '../../../src/page-app/try/sample.ts';

const none = await conditionsFrom({ options: {}, profiles: [] });

const decided = (text: string, namespace = SAMPLE_NAMESPACE, conditions = none) => {
  const attempt = decide(text, namespace, conditions);
  if (attempt.kind !== 'decided') throw new Error(JSON.stringify(attempt));
  return attempt;
};

describe('Try it', () => {
  it('injects into the example of the page, and shows the template without what only the decision needed', () => {
    const [web, ...others] = decided(SAMPLE_MANIFEST).pods;
    expect(others).toEqual([]);
    expect(web?.subject).toBe('Deployment/web');
    expect(web?.explanation.outcome).toBe('injected');
    const before: unknown = parse(web?.before ?? '');
    expect(before).toEqual(parse(SAMPLE_MANIFEST).spec.template);
    expect(web?.after).toContain('-javaagent:');
    expect(web?.after).not.toContain('ownerReferences');
    expect(web?.after).not.toContain('generateName');
  });

  it('says why not, and what the text has instead of YAML or pods', () => {
    const off = { ...SAMPLE_NAMESPACE, labels: {} };
    expect(decided(SAMPLE_MANIFEST, off).pods[0]?.explanation.reason?.code).toBe('namespace-not-enabled');
    expect(decide('a: [', SAMPLE_NAMESPACE, none).kind).toBe('syntax');
    expect(decided('kind: ConfigMap\napiVersion: v1\n').pods).toEqual([]);
    const broken = 'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: 3}\n';
    expect(decided(broken).pods[0]?.explanation.reason?.code).toBe('malformed-pod');
  });

  it('takes the options of the server, and its profiles beside the built-in ones', async () => {
    const stopped = await conditionsFrom({ options: { injection: 'off' }, profiles: [] });
    expect(decided(SAMPLE_MANIFEST, SAMPLE_NAMESPACE, stopped).pods[0]?.explanation.reason?.kind).toBe('suspension');
    const profile = {
      apiVersion: 'agent-injector.io/v1alpha1',
      kind: 'AgentProfile',
      metadata: { name: 'own-java' },
      spec: { extends: 'opentelemetry-java', description: 'Ours.' },
    };
    const own = await conditionsFrom({ options: {}, profiles: [profile] });
    const annotations = { ...SAMPLE_NAMESPACE.annotations, 'agent-injector.io/profile': 'own-java' };
    const { explanation } = decided(SAMPLE_MANIFEST, { ...SAMPLE_NAMESPACE, annotations }, own).pods[0] ?? {};
    expect(explanation?.containers[0]?.profile).toBe('own-java');
  });
});

// The same decisions as everywhere else: whole pods with the results that the function, the command line and the server have.
const golden = join(import.meta.dirname, '../../golden');
const cases = readdirSync(golden, { withFileTypes: true }).filter((entry) => entry.isDirectory());

describe.skipIf(cases.length === 0)('golden pods', () => {
  it.each(cases.map(({ name }) => name))('%s', (name) => {
    const files = readdirSync(join(golden, name));
    const input = files.find((file) => /^(?:pod|input|before)\.(?:ya?ml|json)$/.test(file));
    if (input === undefined) return;
    const text = readFileSync(join(golden, name, input), 'utf8');
    expect(decided(text).pods.length).toBeGreaterThan(0);
  });
});
