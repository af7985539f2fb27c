import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { toNamespace } from '../../../src/cluster/caches/namespace-object.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
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
    const locked = await conditionsFrom({ options: { settableBy: { profile: ['cluster'] } }, profiles: [] });
    expect(decided(SAMPLE_MANIFEST, SAMPLE_NAMESPACE, locked).pods[0]?.explanation.outcome).toBe('skipped');
    const defaults = { profile: 'opentelemetry-java', 'otlp-endpoint': 'http://collector:4318' };
    const standard = await conditionsFrom({
      options: { settableBy: { profile: ['cluster'] }, defaults },
      profiles: [],
    });
    const bare = { ...SAMPLE_NAMESPACE, annotations: {} };
    expect(decided(SAMPLE_MANIFEST, bare, standard).pods[0]?.explanation.outcome).toBe('injected');
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

// The same decisions as everywhere else: whole pods with the results that the function and the server have (test/golden).
const golden = join(import.meta.dirname, '../../golden');
const read = (...path: readonly string[]): string => readFileSync(join(golden, ...path), 'utf8');
const cases = readdirSync(golden, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [{ name: entry.name, files: readdirSync(join(golden, entry.name)) }] : [],
);

describe('a golden pod', () => {
  it.each(cases)('$name', async ({ name, files }) => {
    const object: unknown = parse(
      files.includes('namespace.yaml') ? read(name, 'namespace.yaml') : read('namespace.yaml'),
    );
    const namespace = toNamespace(object as JsonObject);
    if (!namespace) throw new Error(`${name} has no namespace`);
    const defaults: JsonObject = files.includes('defaults.yaml') ? parse(read(name, 'defaults.yaml')) : {};
    const conditions = await conditionsFrom({ options: { defaults }, profiles: [] });
    const [pod] = decided(read(name, 'pod.yaml'), { ...namespace, name }, conditions).pods;
    const after = files.includes('after.yaml') ? 'after.yaml' : 'pod.yaml';
    expect(parse(pod?.after ?? '')).toEqual(parse(read(name, after)));
  });
});
