import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { admissionsOf, imported, manifestsIn, withDocuments } from '../support/imported.ts';

type Texts = Readonly<Record<string, string>>;

const workload = (annotations: Texts, labels: Texts): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    template: {
      metadata: { annotations, labels },
      spec: { containers: ['a', 'b'].map((name) => ({ name, image: `registry.example.com/${name}:1` })) },
    },
  },
});

/** The agents that each container loads. */
function agentsAfter(annotations: Texts, labels: Texts = {}): readonly (readonly string[])[] {
  const result = imported(stringify(workload(annotations, labels)));
  const [admission] = admissionsOf(manifestsIn(result), withDocuments(result.migration.profiles));
  const names: Texts = { JAVA_TOOL_OPTIONS: 'java', NODE_OPTIONS: 'nodejs' };
  return (admission?.pod.spec.containers ?? []).map(({ env }) =>
    (env ?? []).flatMap(({ name }) => names[name] ?? []).toSorted(),
  );
}

describe('containers of several agents', () => {
  it('the choice for one agent does not limit the next one', () => {
    const annotations = { 'admission.datadoghq.com/a.java-lib.version': 'latest', 'co.elastic.apm/attach': 'nodejs' };
    expect(agentsAfter(annotations)).toEqual([['java', 'nodejs'], ['nodejs']]);
  });

  it('nor the one before', () => {
    const annotations = {
      'co.elastic.apm/attach': 'nodejs',
      'strategy.skywalking.apache.org/inject.Container': '^a$',
      'agent.skywalking.apache.org/collector.backend_service': 'oap:11800',
    };
    expect(agentsAfter(annotations, { 'swck-java-agent-injected': 'true' })).toEqual([['java', 'nodejs'], ['nodejs']]);
  });

  it('each has its own', () => {
    const keys = ['a.java', 'b.js'].map((name) => `admission.datadoghq.com/${name}-lib.version`);
    expect(agentsAfter(Object.fromEntries(keys.map((key) => [key, 'latest'])))).toEqual([['java'], ['nodejs']]);
  });
});
