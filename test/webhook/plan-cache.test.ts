import { describe, expect, it } from 'vitest';
import type { InjectionContext } from '../../src/injection/context.ts';
import { type ClusterState, unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { PlanCache } from '../../src/webhook/plan-cache.ts';
import { target, targetsOf } from '../support/targets.ts';
import { catalogueOf, catalogueWith, container, namespace, pod, profileDocument } from '../support/fixtures.ts';

const shop = namespace();
const catalogue = catalogueWith({});

interface Counted {
  readonly cluster: ClusterState;
  readonly lookups: () => number;
}

/** Every decision on a pod or a shape looks the claim up; so does each check whether a compiled decision is current. */
function counting(claim: ClusterState['claim'] = () => ({ deleting: false, heldBy: undefined })): Counted {
  let count = 0;
  const cluster: ClusterState = {
    ...unknownCluster,
    claim: (...of) => {
      count++;
      return claim(...of);
    },
  };
  return { cluster, lookups: () => count };
}

function podOf(workload: string, hash = '5c589866c8', name = workload): Pod {
  return {
    ...pod([container(name, { env: [{ name: 'COLOUR', value: hash }] })]),
    metadata: {
      labels: { 'pod-template-hash': hash },
      ownerReferences: [{ kind: 'ReplicaSet', name: `${workload}-${hash}`, controller: true }],
    },
  };
}

const contextOf = (given: Pod, cluster: ClusterState, rest: Partial<InjectionContext> = {}): InjectionContext => ({
  pod: given,
  namespace: shop,
  catalogue,
  cluster,
  ...rest,
});

const orders = podOf('orders');

describe('a compiled decision', () => {
  it('is used for the next pod of its shape', () => {
    const [plans, { cluster, lookups }] = [new PlanCache(), counting()];
    const before = plans.admit(contextOf(orders, cluster));
    const afterFirst = lookups();
    const next = plans.admit(contextOf(podOf('orders', '7d9f6b5c44'), cluster));
    expect(next.decision).toBe(before.decision);
    expect(lookups() - afterFirst).toBe(1);
  });

  it('serves another workload under its own names', () => {
    const [plans, { cluster, lookups }] = [new PlanCache(), counting()];
    const before = plans.admit(contextOf(orders, cluster));
    const afterFirst = lookups();
    const other = plans.admit(contextOf(podOf('basket'), cluster));
    expect(lookups() - afterFirst).toBe(1);
    expect([before, other].map(({ decision }) => decision.containers.map((one) => one.container))).toEqual([
      ['orders'],
      ['basket'],
    ]);
    expect(JSON.stringify(other)).not.toContain('orders');
  });

  it('tells containers apart that another injector is asked for by name', () => {
    const asks = {
      'instrumentation.opentelemetry.io/inject-dotnet': 'true',
      'instrumentation.opentelemetry.io/container-names': 'basket',
    };
    const asking = { ...shop, annotations: { ...shop.annotations, ...asks } };
    const plans = new PlanCache();
    const outcomes = ['orders', 'basket', 'orders', 'basket'].map(
      (name) => plans.admit(contextOf(podOf(name), counting().cluster, { namespace: asking })).decision.outcome,
    );
    expect(outcomes).toEqual(['injected', 'skipped', 'injected', 'skipped']);
  });

  it.each<[string, Partial<InjectionContext>]>([
    ['another object of the namespace', { namespace: namespace({ 'domain-id': '7' }) }],
    ['another catalogue', { catalogue: catalogueWith({ 'domain-id': '7' }) }],
    ['a required pod', { required: true }],
  ])('is not used for %s', (_, rest) => {
    const [plans, { cluster }] = [new PlanCache(), counting()];
    const before = plans.admit(contextOf(orders, cluster));
    expect(plans.admit(contextOf(orders, cluster, rest)).decision).not.toBe(before.decision);
  });

  it('is not used once a fact has changed, and again once it is as before', () => {
    const plans = new PlanCache();
    const [usable, absent] = [counting().cluster, counting(() => 'absent').cluster];
    const outcomes = [usable, absent, usable].map(
      (cluster) => plans.admit(contextOf(orders, cluster)).decision.outcome,
    );
    expect(outcomes).toEqual(['injected', 'skipped', 'injected']);
  });
});

it('what depends on the nodes is decided anew when the answer for all of them changes, and only then', () => {
  const deliveries = [
    { image: { reference: 'registry.example.com/agent:1' } },
    { persistentVolumeClaim: { claimName: 'files' } },
  ];
  const known = catalogueOf(profileDocument({ deliveries, environment: [{ name: 'A', value: 'a' }] }));
  const inShop = namespace({ profile: 'agent' });
  const plans = new PlanCache();
  const decide = (mountImages: boolean) =>
    plans.admit(
      contextOf(
        orders,
        { ...unknownCluster, kubernetes: { major: 1, minor: 36 }, nodes: () => ({ mountImages, single: false }) },
        {
          catalogue: known,
          namespace: inShop,
        },
      ),
    ).decision;
  const [one, same, other, back] = [decide(true), decide(true), decide(false), decide(true)];
  expect(same).toBe(one);
  expect(
    [one, other, back].map(({ containers }) => containers.map((each) => 'delivery' in each && each.delivery)),
  ).toEqual([['image'], ['persistentVolumeClaim'], ['image']]);
});

it('a fact that is looked up by the name of the workload is looked up for each', () => {
  const known = catalogueOf(
    profileDocument({
      parameters: [{ name: 'claim', type: 'objectName', description: 'A claim.', default: '${pod.workload}' }],
      deliveries: [{ persistentVolumeClaim: { claimName: '${claim}' } }],
      environment: [{ name: 'A', value: 'a' }],
    }),
  );
  const plans = new PlanCache();
  const cluster: ClusterState = {
    ...unknownCluster,
    claim: (_, name) => (name === 'orders' ? { deleting: false, heldBy: undefined } : 'absent'),
  };
  const outcomeOf = (workload: string) =>
    plans.admit(
      contextOf(podOf(workload, undefined, 'main-app'), cluster, {
        catalogue: known,
        namespace: namespace({ profile: 'agent' }),
      }),
    ).decision.outcome;
  expect(['orders', 'basket', 'orders'].map(outcomeOf)).toEqual(['injected', 'skipped', 'injected']);
});

it('a fact in the label with the hash of a Deployment is that of each ReplicaSet', () => {
  const from = [{ label: 'pod-template-hash' }];
  const known = catalogueOf(
    profileDocument({
      parameters: [{ name: 'revision', type: 'word', description: 'd', required: true, from }],
      environment: [{ name: 'REVISION', value: '${revision}' }],
    }),
  );
  const plans = new PlanCache();
  const texts = ['5c589866c8', '7d9f6b5c44'].map((hash) =>
    JSON.stringify(plans.admit(contextOf(podOf('orders', hash), unknownCluster, { catalogue: known })).operations),
  );
  expect(texts).toEqual([
    expect.stringContaining('"REVISION","value":"5c589866c8"'),
    expect.stringContaining('"REVISION","value":"7d9f6b5c44"'),
  ]);
});

it.each([
  ['further variables', { name: 'p', type: 'variables', allowed: ['V'], default: 'V=${pod.workload}' }, []],
  [
    'merged assignments',
    { name: 'p', type: 'assignments', default: 'a=${pod.workload}' },
    [{ name: 'V', operation: 'merge', separator: ',', assignment: '=', parameter: 'p' }],
  ],
])('an advisory that looks for a part of a name in %s is about each workload', (_, parameter, environment) => {
  const advisories = [{ code: 'a', match: [{ resultingEnv: { name: 'V', contains: 'rder' } }], message: 'm' }];
  const parameters = [{ description: 'd', ...parameter }];
  const known = catalogueOf(profileDocument({ parameters, environment, advisories }));
  const plans = new PlanCache();
  const noticesOf = (workload: string) =>
    plans
      .admit(contextOf(podOf(workload, '5c589866c8', 'main-app'), unknownCluster, { catalogue: known }))
      .decision.notices.filter(({ code }) => code === 'advisory').length;
  expect(['basket', 'orders'].map(noticesOf)).toEqual([0, 1]);
});

it('a shape that cannot be patched leaves each pod to be decided by itself', () => {
  const known = catalogueOf(
    profileDocument({
      deliveries: [{ preinstalled: {} }],
      mounts: [],
      environment: [{ name: 'A', value: 'a'.repeat(8000) }],
    }),
  );
  const containers = Array.from({ length: 30 }, (_, index) => container(`worker-${index + 10}`));
  const { metadata } = podOf('orders');
  const { decision } = new PlanCache().admit(
    contextOf({ metadata: metadata ?? {}, spec: { containers } }, unknownCluster, { catalogue: known }),
  );
  expect(decision).toMatchObject({ reason: { code: 'patch-too-large' } });
});

it('a pod that is nested too deeply for a shape is decided by itself', () => {
  const future: unknown = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);
  const given = pod([container('web', { future })]);
  const { cluster } = counting();
  expect(new PlanCache().admit(contextOf(given, cluster)).decision.outcome).toBe('injected');
});

it('the files of an agent count towards the size of the cache', () => {
  const content = `\${pod.workload}${'x'.repeat(16_000)}`;
  const known = catalogueOf(profileDocument({ files: [{ path: '/etc/agent.conf', content }] }));
  const plans = new PlanCache();
  const admit = (workload: string) =>
    plans.admit(contextOf(podOf(workload), unknownCluster, { catalogue: known })).decision;
  const first = admit('w0');
  expect(admit('w0')).toBe(first);
  // 20 MiB have room for some 800.
  for (let count = 1; count < 1500; count++) admit(`w${count}`);
  expect(admit('w0')).not.toBe(first);
});

it.each([['rollout'], ['canary.PROFILE']])('a share that a target gives as %s is of workloads by their names', (as) => {
  const known = catalogueOf(profileDocument({}));
  const [profile] = known.profiles.keys();
  const share = as === 'rollout' ? { rollout: { percent: 50 } } : { parameters: { [`canary.${profile ?? ''}`]: '50' } };
  const cluster = targetsOf(target('half', { profile: profile ?? '', ...share }));
  const outcomesOf = (plansFor: () => PlanCache): readonly string[] =>
    Array.from({ length: 40 }, (_, index) => {
      const given = podOf(`workload-${String(index).padStart(2, '0')}`);
      return plansFor().admit(contextOf(given, cluster, { catalogue: known })).decision.outcome;
    });
  const shared = new PlanCache();
  const each = outcomesOf(() => new PlanCache());
  expect(new Set(each).size).toBe(2);
  expect(outcomesOf(() => shared)).toEqual(each);
});
