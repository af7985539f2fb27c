import { describe, expect, it } from 'vitest';
import type { InjectionContext } from '../../../src/injection/context.ts';
import { shapeKey, shapeOf } from '../../../src/injection/shape/pod-shape.ts';
import { visiblePartsOf } from '../../../src/injection/shape/visible-parts.ts';
import { unknownCluster } from '../../../src/kubernetes/cluster-state.ts';
import type { Pod } from '../../../src/kubernetes/pod.ts';
import { withProfiles } from '../../../src/profiles/catalogue.ts';
import type { Profile } from '../../../src/profiles/profile.ts';
import {
  catalogue,
  catalogueOf,
  catalogueWith,
  container,
  namespace,
  pod,
  profileDocument,
} from '../../support/fixtures.ts';

function keyOf(given: Pod, rest: Partial<InjectionContext> = {}): string | undefined {
  const shape = shapeOf({ pod: given, namespace: namespace(), catalogue, cluster: unknownCluster, ...rest });
  return shape && shapeKey(shape);
}

const owned = (name: string, labels: Record<string, string> = {}, kind = 'ReplicaSet', metadata: object = {}): Pod => ({
  ...pod(),
  metadata: {
    generateName: `${name}-`,
    labels: { app: 'web', ...labels },
    ownerReferences: [{ kind, name, uid: name, controller: true }],
    ...metadata,
  },
});

const web = (rest: object, spec: object = {}): Pod => pod([container('web', { ...rest })], {}, spec);

const variables = (...names: string[]) => web({ env: names.map((name) => ({ name, value: name })) });

const mounted = (mountPath: string, name = 'data') =>
  web({ volumeMounts: [{ name, mountPath }] }, { volumes: [{ name, configMap: { name: 'some' } }] });

describe('pods have one shape if they differ only in', () => {
  it.each<[string, Pod, Pod]>([
    [
      'the ReplicaSet',
      owned('web-5c589866c8', { 'pod-template-hash': '5c589866c8' }),
      owned('web-7d9f6b5c44', { 'pod-template-hash': '7d9f6b5c44' }),
    ],
    [
      'the name within a StatefulSet',
      owned('db', {}, 'StatefulSet', { name: 'db-0' }),
      owned('db', {}, 'StatefulSet', { name: 'db-1' }),
    ],
    ['the time of a CronJob', owned('report-29384756', {}, 'Job'), owned('report-29384757', {}, 'Job')],
    ["labels of the app's own", owned('web', { version: '1' }), owned('web', { version: '2' })],
    ['variables that no rule names', variables('A', 'B'), variables('C', 'D', 'E')],
    ['ports and probes', web({ ports: [{ containerPort: 1 }] }), web({ livenessProbe: { exec: {} } })],
    [
      'annotations of others that say nothing to a profile',
      owned('web', {}, 'ReplicaSet', { annotations: { 'resource.example.com/team': 'a' } }),
      owned('web', {}, 'ReplicaSet', { annotations: { 'resource.example.com/team': 'b' } }),
    ],
    ['tolerations', pod([container('web')], {}, { tolerations: [{ key: 'a' }] }), pod([container('web')])],
  ])('%s', (_, one, other) => {
    expect(keyOf(one)).toBe(keyOf(other));
  });

  it('the name of the service account token', () => {
    const [one, other] = ['kube-api-access-abcde', 'kube-api-access-x2k9q'].map((name) =>
      web(
        { volumeMounts: [{ name, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }] },
        { volumes: [{ name, projected: { sources: [] } }] },
      ),
    );
    expect(one && keyOf(one)).toBe(other && keyOf(other));
  });
});

describe('pods have different shapes if they differ in', () => {
  it.each<[string, Pod, Pod]>([
    ['the workload', owned('web'), owned('orders')],
    ['the kind of the owner', owned('web'), owned('web', {}, 'DaemonSet')],
    ['our label', owned('web'), owned('web', { 'agent-injector.io/injection': 'disabled' })],
    ['a label that is almost ours', owned('web'), owned('web', { 'agentinjector.io/injection': 'disabled' })],
    [
      'an annotation that asks another injector',
      owned('web'),
      owned('web', {}, 'ReplicaSet', { annotations: { 'instrumentation.opentelemetry.io/inject-java': 'true' } }),
    ],
    [
      'one for a container',
      owned('web'),
      owned('web', {}, 'ReplicaSet', { annotations: { 'admission.datadoghq.com/web.java-lib.version': 'v1' } }),
    ],
    [
      'a label that switches another injector off',
      owned('web'),
      owned('web', { 'admission.datadoghq.com/enabled': 'false' }),
    ],
    ['a label that says the service', owned('web'), owned('web', { 'tags.datadoghq.com/service': 'cart' })],
    [
      'an annotation that says the service',
      owned('web'),
      owned('web', {}, 'ReplicaSet', { annotations: { 'resource.opentelemetry.io/service.name': 'cart' } }),
    ],
    [
      'an annotation that says something of it',
      owned('web', {}, 'ReplicaSet', { annotations: { 'resource.opentelemetry.io/team': 'a' } }),
      owned('web', {}, 'ReplicaSet', { annotations: { 'resource.opentelemetry.io/team': 'b' } }),
    ],
    ['a Deployment', owned('web-5c589866c8', { 'pod-template-hash': '5c589866c8' }), owned('web')],
    ['a CronJob', owned('report-29384756', {}, 'Job'), owned('report', {}, 'Job')],
    ['a variable that a parameter may set', variables('A'), variables('OTEL_BSP_SCHEDULE_DELAY')],
    [
      'a volume with an object',
      pod(),
      pod(undefined, {}, { volumes: [{ name: 'v', secret: { secretName: 's', optional: true } }] }),
    ],
    ['our annotations', pod(undefined, { 'domain-id': '1' }), pod(undefined, { 'domain-id': '2' })],
    ['the image', web({ image: 'a:1' }), web({ image: 'a:1-alpine' })],
    ['the command', web({ command: ['java'] }), web({ command: ['java', '-javaagent:/x.jar'] })],
    ['a variable of a profile', variables('A'), variables('CORECLR_PROFILER')],
    ['its place among others', variables('A', 'CORECLR_PROFILER'), variables('CORECLR_PROFILER', 'A')],
    ['a variable that a glob matches', variables('A'), variables('MY_JAVA_ARGS')],
    [
      'a reference',
      web({ env: [{ name: 'A', value: '$(ARIES_DOMAIN_ID)' }] }),
      web({ env: [{ name: 'A', value: 'x' }] }),
    ],
    ['a mount where an agent goes', mounted('/netagent/logs'), mounted('/data')],
    ['a mount above it', mounted('/'), mounted('/data')],
    ['a mount with a roundabout path', mounted('/data/../netagent'), mounted('/data')],
    ['a volume with the name of ours', mounted('/data', 'jennifer-dotnet'), mounted('/data')],
    ['the same with a number', mounted('/data', 'jennifer-dotnet-2'), mounted('/data')],
    ['an unknown field', web({ futureField: 1 }), web({ futureField: 2 })],
    ['the security context', web({ securityContext: { runAsUser: 1 } }), web({})],
    ['the node selector', pod(undefined, {}, { nodeSelector: { 'kubernetes.io/os': 'windows' } }), pod()],
  ])('%s', (_, one, other) => {
    expect(keyOf(one)).not.toBe(keyOf(other));
  });
});

describe('all variables count', () => {
  const [one, other] = [variables('A'), variables('B')];
  it.each<[string, Partial<InjectionContext>]>([
    ['of a namespace that selects containers by variable', { namespace: namespace({ containers: 'env:A' }) }],
    ['of a cluster that does', { catalogue: catalogueWith({ 'containers.jennifer-dotnet': 'env:A' }) }],
  ])('%s', (_, rest) => {
    expect(keyOf(one, rest)).not.toBe(keyOf(other, rest));
  });

  it('of a pod that does', () => {
    const selects = (name: string) => ({
      ...variables(name),
      metadata: pod(undefined, { containers: 'env:A' }).metadata ?? {},
    });
    expect(keyOf(selects('A'))).not.toBe(keyOf(selects('B')));
  });
});

it('a pod with a status has no shape', () => {
  expect(keyOf(pod(undefined, { status: '{}' }))).toBeUndefined();
});

it('what a profile lets rules see is found out once, however often another profile changes', () => {
  const known = catalogueOf(profileDocument({})).profiles.get('agent');
  if (!known) throw new Error('no such profile');
  let looks = 0;
  const counted: Profile = {
    ...known,
    get environment() {
      looks += 1;
      return known.environment;
    },
  };
  const withOther = (other: string) => {
    const base = catalogueOf(profileDocument({ description: other }, 'other'));
    return withProfiles(base, new Map([...base.profiles, [counted.name, counted]]), []);
  };
  visiblePartsOf(withOther('Before.'));
  const before = looks;
  expect(before).toBeGreaterThan(0);
  visiblePartsOf(withOther('After.'));
  expect(looks).toBe(before);
});
