import fc from 'fast-check';
import { expect, it } from 'vitest';
import { admitInContext } from '../../src/admission/admit.ts';
import type { InjectionContext } from '../../src/injection/context.ts';
import type { ClusterState } from '../../src/kubernetes/cluster-state.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { PlanCache } from '../../src/webhook/plan-cache.ts';
import { namespace } from '../support/fixtures.ts';
import {
  catalogues,
  few,
  maybe,
  name,
  NAMES,
  one,
  PATHS,
  plain,
  seldom,
  VARIABLES,
  VOLUMES,
} from '../support/generated-catalogue.ts';

// The law of compiled-decisions.test.ts for profiles of users: generated ones, whose matchers, templates, lists and conditions meet the names,
// images, volumes, mounts and variables of generated pods. Each catalogue decides on many pods with one cache, as a server does.

/** Each decides on 80 pods. `COMPILED_PROFILES=4000` takes about five minutes. */
const CATALOGUES = Number(process.env['COMPILED_PROFILES'] ?? 60);

const SEED = 20_261_130;

const variable = one(...VARIABLES);
const IMAGES = [
  'example.com/orders:1',
  'example.com/ledger:1',
  'nginx:alpine',
  'nanoserver:1',
  'a'.repeat(520),
  'registry/worker',
  'example.com/web:2',
];

const env = few(
  fc.oneof(
    fc.record({ name: variable, value: one('orders', 'x', '', '$(B)', '$(A', 'worker,x', '$(A_ORIGINAL)') }),
    fc.record({
      name: variable,
      valueFrom: one<unknown>(
        { fieldRef: { fieldPath: 'metadata.name' } },
        { secretKeyRef: { name: 's', key: 'k', optional: true } },
        null,
      ),
    }),
  ),
  7,
);

const nullable = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null | undefined> =>
  fc.oneof({ weight: 5, arbitrary }, fc.constant(null), fc.constant(undefined));

const containerOf = (named: fc.Arbitrary<string>): fc.Arbitrary<object> =>
  fc.record({
    name: named,
    image: one(...IMAGES),
    env: nullable(env),
    command: maybe(one(['java', '-jar', 'orders'], ['node', 'app'])),
    envFrom: maybe(one([{ configMapRef: { name: 'known' } }], [{ secretRef: { name: 's' } }], [])),
    volumeMounts: nullable(
      seldom(
        fc.record({
          name: one(...VOLUMES),
          mountPath: one('/data', '/opt', '/srv', ...PATHS),
          readOnly: maybe(fc.boolean()),
        }),
      ),
    ),
    restartPolicy: maybe(one('Always')),
    ports: maybe(one([{ containerPort: 1 }])),
    securityContext: maybe(one({ readOnlyRootFilesystem: true }, { runAsUser: 5 })),
    resources: maybe(one({ limits: { cpu: '1', memory: '1Gi' } }, { limits: { 'ephemeral-storage': '1Mi' } })),
  });

const volume = fc.oneof(
  fc.record({
    name: one(...VOLUMES),
    secret: one({ secretName: 's' }, { secretName: 's', optional: true, defaultMode: 420 }),
  }),
  fc.record({ name: one(...VOLUMES), emptyDir: one({}, { sizeLimit: '100Mi' }) }),
  fc.record({
    name: one(...VOLUMES),
    secret: fc.constant(null),
    persistentVolumeClaim: fc.record({ claimName: name }),
  }),
  fc.record({ name: one(...VOLUMES), persistentVolumeClaim: fc.record({ claimName: name }) }),
  fc.record({
    name: one(...VOLUMES),
    image: fc.record({ reference: fc.constant('example.com/orders'), pullPolicy: fc.constant('IfNotPresent') }),
  }),
);

const annotations = few(
  fc.tuple(
    one(
      'p',
      'q.agent',
      'containers',
      'profile',
      'profile.agent-injector.io/orders',
      'init-position',
      'libc',
      'delivery',
      'env-from-keys',
      'unknown',
      'x.agent-injector.io/worker',
      'agent-injector/profile',
      'inject',
    ),
    one(
      'orders',
      'X1=orders',
      'orders=1',
      'zq0z0x',
      'env:A',
      'w*,image:*1',
      'before worker',
      'agent',
      'musl',
      'none',
      'preinstalled',
      'true',
    ),
  ),
  1,
).map((pairs) =>
  Object.fromEntries(pairs.map(([key, value]) => [key.includes('/') ? key : `agent-injector.io/${key}`, value])),
);

const base = fc.record({
  containers: fc.array(containerOf(name), { minLength: 1, maxLength: 3 }),
  initContainers: nullable(few(containerOf(one('init-1', 'worker', 'agent-agent', 'init-two', 'orders')), 2)),
  volumes: nullable(few(volume, 3)),
  hostUsers: one(undefined, undefined, true, false),
  securityContext: one({ fsGroup: 1 }, undefined),
});

const owner = fc.oneof(
  fc.record({
    kind: one('StatefulSet', 'ReplicaSet', 'Job', 'DaemonSet'),
    name: one(...NAMES, 'orders-12345678', 'orders-29384756', 'orders-5c58', 'No Name'),
    controller: fc.constant(true),
  }),
  fc.constant(undefined),
);

const pod = fc
  .record({
    spec: base,
    owner,
    annotations: fc.oneof(
      { weight: 6, arbitrary: fc.constant(undefined) },
      annotations,
      one<Record<string, string>>(
        { 'facts.example.com/p': 'ledger' },
        { 'facts.example.com/q': 'a,b=c', 'facts.example.com/x': 'y' },
      ),
    ),
    labels: maybe(
      one<Record<string, string>>(
        { 'facts.example.com/p': 'orders', 'pod-template-hash': '5c58' },
        { 'facts.example.com/p': 'b_1' },
        { 'pod-template-hash': '5c58' },
        { 'serving.knative.dev/service': 'ledger' },
        { 'tekton.dev/task': 'orders', app: 'x' },
      ),
    ),
  })
  .map(({ spec: podSpec, owner: by, annotations: ours, labels }): Pod => ({
    metadata: {
      generateName: 'orders-',
      ...(by && { ownerReferences: [by] }),
      ...(ours && { annotations: ours }),
      ...(labels && { labels }),
    },
    spec: plain(podSpec) as Pod['spec'],
  }));

/** The same pod of another workload, or with a container of another name or image: what a general shape leaves out. */
function sibling(given: Pod, to: string, image: string): Pod {
  const [owned] = (given.metadata?.['ownerReferences'] ?? []) as readonly object[];
  return {
    metadata: { ...given.metadata, ...(owned && { ownerReferences: [{ ...owned, name: to }] }) },
    spec: {
      ...given.spec,
      containers: given.spec.containers.map((container, index) =>
        index === 0 ? { ...container, name: to, image } : container,
      ),
    },
  };
}

const cluster: ClusterState = {
  kubernetes: { major: 1, minor: 36 },
  podSecurityDefault: 'privileged',
  configMapKeys: (_, known) => (known === 'known' ? new Set(['A', 'LIST']) : undefined),
  claim: (_, claim) =>
    claim.includes('led') ? 'absent' : { deleting: claim === 'x', heldBy: undefined, oneNode: claim === 'y' },
  nodes: () => ({ mountImages: true, single: false }),
  quotas: () => [],
  limitRanges: () => [],
};

const places: readonly Namespace[] = [
  namespace(),
  namespace({}, 'required'),
  { ...namespace({ p: 'orders' }), name: 'worker' },
  namespace({ q: 'zq0z0x' }),
  namespace({ containers: 'env:A,w*' }),
];

it(`pods get the same from a compiled decision: ${CATALOGUES} generated catalogues`, () => {
  const outcomes = new Set<string>();
  const batch = fc.array(fc.tuple(pod, name, one(...IMAGES), one(...places), one(false, false, false, false, true)), {
    minLength: 20,
    maxLength: 20,
  });
  fc.assert(
    fc.property(catalogues, batch, (known, pods) => {
      const plans = new PlanCache();
      for (const [given, to, image, place, required] of pods) {
        for (const each of [given, sibling(given, to, image), sibling(given, 'ledger', 'example.com/x'), given]) {
          const context: InjectionContext = { pod: each, namespace: place, catalogue: known, cluster, required };
          const { inputs: _, ...compiled } = plans.admit(context);
          const expected = admitInContext(context);
          expect(compiled).toEqual(expected);
          outcomes.add(expected.decision.outcome);
        }
      }
    }),
    // A failure has a hundred parts; each takes minutes to shrink.
    { numRuns: CATALOGUES, endOnFailure: true, seed: SEED },
  );
  expect([...outcomes].toSorted()).toEqual(['injected', 'refused', 'skipped']);
}, 600_000);
