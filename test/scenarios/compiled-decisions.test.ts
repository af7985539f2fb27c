import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Admission, admitInContext } from '../../src/admission/admit.ts';
import type { InjectionContext } from '../../src/injection/context.ts';
import { shapeOf } from '../../src/injection/shape/pod-shape.ts';
import type { ClusterState } from '../../src/kubernetes/cluster-state.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Container, Pod } from '../../src/kubernetes/pod.ts';
import { withDefaults } from '../../src/profiles/catalogue.ts';
import { PlanCache } from '../../src/webhook/plan-cache.ts';
import { catalogue, namespace } from '../support/fixtures.ts';
import { settingsFor } from '../support/sample-values.ts';
import { cluster as knownCluster, podsWithVariables } from '../support/six-rules.ts';

// A compiled decision must be the one that the rules make of the pod itself: the same decision, patch and pod. The interpreted decision, which
// explains, is the reference.

/** For each built-in profile. `COMPILED_PODS=10000` takes about 10 minutes. */
const PODS = Number(process.env['COMPILED_PODS'] ?? 300);

const SEED = 20_261_130;

const cluster: ClusterState = {
  ...knownCluster,
  claim: (_, name) => ({
    deleting: name === 'other',
    heldBy: undefined,
    terms: [[{ key: 'kubernetes.io/os', operator: 'In', values: ['linux'] }]],
  }),
  nodes: () => ({ mountImages: true, single: false }),
  quotas: () => [],
  limitRanges: () => [],
};

/** Annotations that ask another injector for an agent in any language. */
function asking(value: string): Record<string, string> {
  const languages = ['java', 'nodejs', 'python', 'dotnet'];
  return Object.fromEntries(languages.map((name) => [`instrumentation.opentelemetry.io/inject-${name}`, value]));
}

/** What pods have besides, and what differs between pods of one workload. */
const besides = fc.record(
  {
    hash: fc.constantFrom<string>('5c589866c8', '7d9f6b5c44'),
    suffix: fc.constantFrom<string>('abcde', 'x2k9q'),
    kind: fc.constantFrom('ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'Rollout'),
    owner: fc.constantFrom('web', 'web-29384756', 'orders', 'Not A Name'),
    ports: fc.boolean(),
    node: fc.constantFrom(undefined, 'node-1', 'node-2'),
    resources: fc.constantFrom(
      {},
      { limits: { memory: '256Mi', cpu: '1' } },
      { limits: { 'ephemeral-storage': '10Mi' } },
    ),
    command: fc.constantFrom(undefined, ['java', '-jar', 'app.jar'], ['java', '-javaagent:/x/elastic-apm-agent.jar']),
    image: fc.constantFrom(
      'registry.example.com/web:1',
      'registry.example.com/web:2',
      'registry.example.com/web',
      'node:22-alpine',
      'php:8-zts',
      'mcr.example.com/nanoserver:ltsc2022',
    ),
    isReadOnly: fc.boolean(),
    asks: fc.constantFrom<Record<string, string>>(
      {},
      asking('true'),
      asking('false'),
      { ...asking('true'), 'instrumentation.opentelemetry.io/container-names': 'web,worker' },
      { 'admission.datadoghq.com/web.java-lib.version': 'v1', 'admission.datadoghq.com/python-lib.version': 'v1' },
      { 'co.elastic.apm/attach': 'nodejs' },
      { 'resource.opentelemetry.io/service.name': 'cart', 'resource.opentelemetry.io/team': 'a,b' },
      { 'resource.opentelemetry.io/service.name': 'a,b', 'resource.opentelemetry.io/k8s.pod.name': 'web' },
    ),
    tags: fc.constantFrom<Record<string, string>>(
      {},
      { 'tags.datadoghq.com/service': 'cart', 'tags.datadoghq.com/env': 'prod' },
      { 'tags.datadoghq.com/service': 'web', 'tags.datadoghq.com/version': '' },
    ),
    certificate: fc.boolean(),
  },
  { requiredKeys: ['hash', 'suffix', 'kind', 'owner', 'image', 'resources'] },
);

type Besides = typeof besides extends fc.Arbitrary<infer Value> ? Value : never;

function inCluster(pod: Pod, extra: Besides): Pod {
  const { hash, suffix, kind, owner, node } = extra;
  const token = `kube-api-access-${suffix}`;
  const withToken = (container: Container): Container => ({
    ...container,
    image: extra.image,
    resources: extra.resources,
    ...(extra.ports === true && {
      ports: [{ containerPort: 8080 }],
      livenessProbe: { httpGet: { path: `/${suffix}` } },
    }),
    ...(extra.command && { command: extra.command }),
    ...(extra.isReadOnly === true && { securityContext: { readOnlyRootFilesystem: true } }),
    volumeMounts: [
      ...(container.volumeMounts ?? []),
      { name: token, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
    ],
  });
  const name = kind === 'ReplicaSet' ? `${owner}-${hash}` : owner;
  const terms = [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node ?? ''] }] }];
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } };
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(extra.asks && { annotations: { ...pod.metadata?.annotations, ...extra.asks } }),
      generateName: `${name}-`,
      labels: {
        ...pod.metadata?.labels,
        app: 'web',
        ...extra.tags,
        ...(kind === 'ReplicaSet' && { 'pod-template-hash': hash }),
      },
      ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: suffix, controller: true }],
    },
    spec: {
      ...pod.spec,
      ...(node !== undefined && { affinity }),
      serviceAccountName: suffix,
      containers: pod.spec.containers.map(withToken),
      volumes: [
        ...(pod.spec.volumes ?? []),
        { name: token, projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
        ...(extra.certificate === true
          ? [{ name: 'c', secret: { secretName: 'client', optional: true, defaultMode: 420 } }]
          : []),
      ],
    },
  };
}

/** Decision, patch and pod as text, which is far cheaper to compare. */
function textOf({ decision, operations, pod }: Admission): string {
  return JSON.stringify({ decision, operations, pod }, (_, value: unknown) =>
    value instanceof Map ? ['Map', ...(value as Map<unknown, unknown>)] : value,
  );
}

const profiles = [...catalogue.profiles.values()].map((profile) => [profile.name, profile] as const);

it.each(profiles)(
  `${PODS} pods get the same from a compiled decision: %s`,
  (name, profile) => {
    const more = profile.parameters.has('otlp-client-secret')
      ? { 'otlp-client-secret': 'client', 'resource-attributes': 'team=c', variables: 'OTEL_A=1' }
      : {};
    const known = withDefaults(catalogue, Object.entries({ ...settingsFor(profile), ...more, profile: name }));
    const plans = new PlanCache();
    const places: Namespace[] = [namespace(), namespace({}, 'required'), namespace({ containers: 'env:A,w*' })];
    const names = { 'instrumentation.opentelemetry.io/container-names': 'web' };
    places.push({ ...namespace(), annotations: { ...namespace().annotations, ...asking('true'), ...names } });
    const variables = [...profile.environment.map((entry) => entry.name), 'OTEL_A'];
    const shapes = new Set<string>();
    let decided = 0;
    fc.assert(
      fc.property(podsWithVariables(variables), besides, fc.constantFrom(...places), (given, extra, place) => {
        const pod = inCluster(given, extra);
        const context: InjectionContext = { pod, namespace: place, catalogue: known, cluster };
        assert.equal(textOf(plans.admit(context)), textOf(admitInContext(context)));
        // What differs from pod to pod of a workload finds the decision again.
        const other = inCluster(given, { ...extra, hash: '66fdf8c4d', suffix: 'qqqqq' });
        const sibling = { ...context, pod: other };
        assert.equal(textOf(plans.admit(sibling)), textOf(admitInContext(sibling)));
        shapes.add(JSON.stringify(shapeOf(context)?.pod));
        decided++;
      }),
      { numRuns: PODS, seed: SEED },
    );
    expect(shapes.size).toBeGreaterThan(decided / 10);
  },
  600_000,
);
