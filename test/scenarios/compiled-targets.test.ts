import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { admitInContext } from '../../src/admission/admit.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { withDefaults } from '../../src/profiles/catalogue.ts';
import { TargetSet } from '../../src/settings/targets/target-set.ts';
import { PlanCache } from '../../src/webhook/plan-cache.ts';
import { catalogue, container, namespace, pod } from '../support/fixtures.ts';
import { accepted, clusterTarget, target, targetsOf } from '../support/targets.ts';
import { patchIn, reviewOf, startServer, type TestServer } from '../support/webhook-server.ts';

// Pods that differ in labels share a compiled decision if the same targets select them, and a target that changes is in force at once.

const labels = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('orders', 'ledger', 'a'), { maxKeys: 2 });

const spec = fc.record(
  {
    profile: fc.constantFrom(
      'jennifer-dotnet',
      'jennifer-java',
      'opentelemetry-java,jennifer-dotnet',
      'none',
      'missing',
    ),
    podSelector: fc.record({ matchLabels: labels }),
    containers: fc.constantFrom(['server'], ['*'], ['env:COLOUR'], ['image:*server*']),
    parameters: fc.dictionary(
      fc.constantFrom('domain-id', 'server-address', 'otlp-endpoint', 'agent-image'),
      fc.constantFrom('7', 'orders', 'http://collector:4318', 'jennifer.example.com'),
      { maxKeys: 2 },
    ),
    delivery: fc.constantFrom('auto', 'image', 'unknown'),
    rollout: fc.record({ percent: fc.constantFrom(0, 50, 100) }),
  },
  { requiredKeys: ['profile'] },
) as fc.Arbitrary<JsonObject>;

const targets = fc
  .array(fc.record({ spec, cluster: fc.boolean() }), { maxLength: 3 })
  .map((all) =>
    all.map(({ spec: one, cluster }, index) => (cluster ? clusterTarget(`t${index}`, one) : target(`t${index}`, one))),
  );

function podOf(workload: string, own: Record<string, string>, annotations: Record<string, string>): Pod {
  const made = pod([container('server', { env: [{ name: 'COLOUR', value: workload }] })], annotations);
  return {
    ...made,
    metadata: {
      ...made.metadata,
      labels: own,
      ownerReferences: [{ kind: 'StatefulSet', name: workload, controller: true }],
    },
  };
}

const pods = fc.array(
  fc
    .tuple(
      fc.constantFrom('orders', 'ledger'),
      labels,
      fc.constantFrom<Record<string, string>>({}, { profile: 'jennifer-java' }, { 'domain-id': '9' }),
    )
    .map(([workload, own, annotations]) => podOf(workload, own, annotations)),
  { minLength: 2, maxLength: 4 },
);

it('a compiled decision is the one on the pod itself, whatever targets there are, and when they change', () => {
  const plans = new PlanCache();
  fc.assert(
    fc.property(targets, pods, fc.boolean(), (all, asked, required) => {
      const cluster = targetsOf(...all);
      for (const one of asked) {
        const place = namespace({ 'domain-id': '1' }, required ? 'required' : 'enabled');
        const context = { pod: one, namespace: place, catalogue, cluster, required };
        const { inputs: _, ...compiled } = plans.admit(context);
        expect(compiled).toEqual(admitInContext(context));
      }
    }),
    { numRuns: 100 },
  );
});

it('pods of one target share a decision, whatever their labels; those of another have their own', () => {
  const cluster = targetsOf(
    target('web', { profile: 'jennifer-dotnet', podSelector: { matchLabels: { tier: 'web' } } }),
    target('api', { profile: 'jennifer-dotnet', podSelector: { matchLabels: { tier: 'api' } } }),
  );
  const plans = new PlanCache();
  const place = namespace({ 'domain-id': '1' });
  const decide = (own: Record<string, string>): object =>
    plans.admit({ pod: podOf('orders', own, {}), namespace: place, catalogue, cluster }).decision;
  const first = decide({ tier: 'web', app: 'a' });
  expect(decide({ tier: 'web', app: 'b' })).toBe(first);
  expect(decide({ tier: 'api', app: 'a' })).not.toBe(first);
});

let server: TestServer | undefined;
afterEach(() => server?.close());

it('an answer that is remembered is not given once a target of its namespace has changed', async () => {
  const known = withDefaults(catalogue, [['profile', 'none']]);
  let set = new TargetSet([]);
  const place = namespace({ 'domain-id': '1' });
  const cluster = { ...unknownCluster, targets: (of: string) => set.of(of) };
  server = await startServer({ namespaces: [place], catalogue: () => known, cluster: () => cluster });
  const posted = server;
  const asked = podOf('orders', { app: 'a' }, {});
  const operations = async (): Promise<number> => {
    const all: number[] = [];
    // The third answer is from memory.
    for (let count = 0; count < 3; count++)
      all.push(patchIn(await posted.post(reviewOf(asked, { namespace: 'shop' }))).length);
    expect(new Set(all).size).toBe(1);
    return all[0] ?? 0;
  };
  const change = (...objects: readonly JsonObject[]): void => {
    set = new TargetSet(objects.map(accepted), set);
  };
  expect(await operations()).toBe(0);
  change(target('t', { profile: 'jennifer-dotnet' }));
  const injected = await operations();
  expect(injected).toBeGreaterThan(1);
  change(target('t', { profile: 'jennifer-dotnet', podSelector: { matchLabels: { app: 'b' } } }));
  expect(await operations()).toBe(0);
  change(clusterTarget('c', { profile: 'jennifer-dotnet' }));
  expect(await operations()).toBe(injected);
  change();
  expect(await operations()).toBe(0);
});
