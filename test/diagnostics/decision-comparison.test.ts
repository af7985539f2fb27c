import { expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import { compareAdmissions } from '../../src/diagnostics/decision-comparison.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import { catalogue, container, namespace, pod } from '../support/fixtures.ts';

const shop = namespace({ 'domain-id': '7' });
const off: Namespace = { ...shop, labels: {} };
const restricted: Namespace = {
  ...namespace({ delivery: 'hostPath', 'host-path': '/x' }),
  labels: { ...shop.labels, 'pod-security.kubernetes.io/enforce': 'restricted' },
};
const missing: Namespace = { ...shop, annotations: {} };
const required: Namespace = { ...missing, labels: { 'agent-injector.io/injection': 'required' } };
const agent = { profile: 'jennifer-dotnet', delivery: 'persistentVolumeClaim', container: 'web' };

it.each<[what: string, before: Namespace, after: Namespace, comparison: object]>([
  ['the label is set', off, shop, { verdict: 'gets', before: [], after: [agent] }],
  ['nothing is changed', shop, shop, { verdict: 'same', before: [agent] }],
  ['a setting is changed', shop, namespace({ 'domain-id': '8' }), { verdict: 'changes', after: [agent] }],
  [
    'a setting is removed',
    shop,
    { ...shop, annotations: {} },
    { verdict: 'loses', before: [agent], reason: { code: 'missing-parameter' } },
  ],
  ['Pod Security forbids it', off, restricted, { verdict: 'pod-security', reason: { code: 'delivery-not-possible' } }],
  ['nothing is opted in', off, off, { verdict: 'same', reason: { code: 'namespace-not-enabled' } }],
  [
    'it cannot be injected, before and after',
    missing,
    missing,
    { verdict: 'same', reason: { code: 'missing-parameter' } },
  ],
  ['an agent is asked for in vain', off, missing, { verdict: 'skipped', reason: { code: 'missing-parameter' } }],
  ['an agent is required in vain', off, required, { verdict: 'refused', reason: { code: 'missing-parameter' } }],
])('compares two decisions on a pod: %s', (_, before, after, comparison) => {
  const decide = (within: Namespace) => admit(pod(), within, catalogue);
  expect(compareAdmissions(decide(before), decide(after))).toMatchObject(comparison);
});

it('tells a conflict in the pod from other reasons', () => {
  const foreign = pod([
    container('web', { env: [{ name: 'CORECLR_PROFILER', value: '{846F5F1C-F9AE-4B07-969E-05C26BC060D8}' }] }),
  ]);
  expect(compareAdmissions(admit(foreign, off, catalogue), admit(foreign, shop, catalogue))).toMatchObject({
    verdict: 'conflict',
    reason: { code: 'foreign-profiler' },
  });
});

it('counts annotations that ask another injector, and two agents in one process, as conflicts', () => {
  const asks = pod([container('web')]);
  const asking = {
    ...asks,
    metadata: { annotations: { 'instrumentation.opentelemetry.io/inject-dotnet': 'true' } },
  };
  expect(compareAdmissions(admit(asking, off, catalogue), admit(asking, shop, catalogue))).toMatchObject({
    verdict: 'conflict',
    reason: { code: 'foreign-agent-requested' },
  });
  const injected = admit(pod(), shop, catalogue).pod;
  const env = [
    ...(injected.spec.containers[0]?.env ?? []),
    { name: 'DOTNET_STARTUP_HOOKS', value: '/x/OpenTelemetry.AutoInstrumentation.StartupHook.dll' },
  ];
  const two = {
    ...injected,
    spec: { ...injected.spec, containers: [{ ...injected.spec.containers[0], name: 'web', env }] },
  };
  expect(compareAdmissions(admit(two, off, catalogue), admit(two, shop, catalogue))).toMatchObject({
    verdict: 'conflict',
    reason: { code: 'slot-shared' },
  });
});
