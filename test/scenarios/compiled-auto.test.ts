import fc from 'fast-check';
import { expect, it } from 'vitest';
import { admitInContext } from '../../src/admission/admit.ts';
import { type ClusterState, unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { KnownImage } from '../../src/kubernetes/images/facts.ts';
import { PlanCache } from '../../src/webhook/plan-cache.ts';
import { catalogue, container, namespace, pod } from '../support/fixtures.ts';
import { facts } from '../support/image-facts.ts';
import { patchIn, reviewOf, startServer } from '../support/webhook-server.ts';

// What `profile: auto` chooses depends on commands and on facts about images: pods that differ in these share no decision, and new facts count at once.

const place = namespace({
  profile: 'auto(opentelemetry-java, opentelemetry-nodejs)',
  'otlp-endpoint': 'http://collector:4318',
});

const imageOf = (language: string, entrypoint: readonly string[]): KnownImage => ({
  digest: `sha256:${language}`,
  by: 'digest',
  facts: facts({ language: { is: language, by: 'a variable', version: undefined }, entrypoint }),
});

const knowledge = fc.constantFrom(
  undefined,
  imageOf('java', ['/start.sh']),
  imageOf('nodejs', ['/start.sh']),
  'outdated' as const,
);

const clusters: fc.Arbitrary<ClusterState> = fc
  .record({ orders: knowledge, ledger: knowledge })
  .map(({ orders, ledger }) => ({
    ...unknownCluster,
    imageFacts: (image) => (image.includes('orders') ? orders : ledger),
  }));

const containers = fc
  .record(
    {
      command: fc.constantFrom(['java'], ['node'], ['sh', '-c', 'node'], ['/app/server'], []),
      args: fc.constantFrom(['node'], ['--port=80'], ['migrate'], []),
      image: fc.constantFrom('registry.example.com/orders:1', 'registry.example.com/ledger:1'),
    },
    { requiredKeys: ['image'] },
  )
  .map((fields) => container('server', fields));

it('a compiled decision is the one on the pod itself', () => {
  const plans = new PlanCache();
  fc.assert(
    fc.property(clusters, fc.array(containers, { minLength: 2, maxLength: 5 }), (cluster, asked) => {
      for (const one of asked) {
        const made = pod([one]);
        const ownerReferences = [{ kind: 'StatefulSet', name: 'workload', controller: true }];
        const given = { ...made, metadata: { ...made.metadata, ownerReferences } };
        const context = { pod: given, namespace: place, catalogue, cluster };
        const { inputs: _, ...compiled } = plans.admit(context);
        expect(compiled).toEqual(admitInContext(context));
      }
    }),
    { numRuns: 300, seed: 20_261_201 },
  );
});

it('a remembered answer is not given once other facts are known', async () => {
  let known: KnownImage | undefined;
  const server = await startServer({
    namespaces: [place],
    cluster: () => ({ ...unknownCluster, imageFacts: () => known }),
  });
  try {
    const ask = async (): Promise<string> =>
      JSON.stringify(patchIn(await server.post(reviewOf(pod(), { namespace: place.name })))) ?? '';
    expect(await ask()).not.toContain('javaagent');
    known = imageOf('java', ['/start.sh']);
    expect(await ask()).toContain('javaagent');
    known = imageOf('nodejs', ['/start.sh']);
    expect(await ask()).toContain('NODE_OPTIONS');
  } finally {
    await server.close();
  }
});

it('each container gets the agent of its own language', () => {
  const given = pod([
    container('api', { command: ['java'] }),
    container('web', { command: ['node'] }),
    container('proxy'),
  ]);
  const { decision } = admitInContext({ pod: given, namespace: place, catalogue, cluster: unknownCluster });
  expect(decision.outcome).toBe('injected');
  expect('containers' in decision && decision.containers).toMatchObject([
    { container: 'api', outcome: 'injected', profile: 'opentelemetry-java' },
    { container: 'web', outcome: 'injected', profile: 'opentelemetry-nodejs' },
    { container: 'proxy', outcome: 'skipped', reason: { code: 'language-not-proven' } },
  ]);
});
