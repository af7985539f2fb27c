import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import {
  type Claim,
  type ClusterState,
  type LimitRangeItem,
  type Quota,
  unknownCluster,
} from '../../src/kubernetes/cluster-state.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import type { ClaimProblem, UnmetRequirement } from '../../src/reasons/reason.ts';
import { catalogueOf, container, namespace, pod, profileDocument } from '../support/fixtures.ts';

// What is known of claims, quotas and LimitRanges, and what follows. test/e2e/no-harm.test.ts asks a real API server.

const copy = { image: 'registry.example.com/agent:1', command: ['cp'] };

function decide(deliveries: readonly object[], cluster: Partial<ClusterState>, given: Pod = pod()) {
  const known = catalogueOf(profileDocument({ deliveries, environment: [{ name: 'A', value: 'a' }] }));
  return admit(given, namespace({ profile: 'agent' }), known, {
    ...unknownCluster,
    kubernetes: { major: 1, minor: 36 },
    ...cluster,
  });
}

/** What the delivery does not meet; undefined where the pod is injected. */
function unmet(...args: Parameters<typeof decide>): Partial<UnmetRequirement> | undefined {
  const { decision } = decide(...args);
  if (decision.outcome === 'injected') return undefined;
  const { reason } = decision;
  if (reason.code === 'claim-unusable') return { why: 'claim', problem: reason.problem };
  return reason.code === 'no-fitting-delivery' ? reason.skipped[0]?.requirement : {};
}

describe('a claim', () => {
  const plain: Claim = { deleting: false, heldBy: undefined };
  const held: Claim = { deleting: false, heldBy: 'node-1' };
  const elsewhere: ClaimProblem = { kind: 'elsewhere', node: 'node-1' };
  const on = (spec: object): Pod => pod(undefined, {}, spec);
  const terms = (...nodeSelectorTerms: object[]) =>
    on({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } });
  const is = (key: string, ...values: string[]) => ({ key, operator: 'In', values });

  it.each<[string, Claim | 'absent' | undefined, Pod, ClaimProblem | undefined]>([
    ['unknown', undefined, pod(), undefined],
    ['there', plain, pod(), undefined],
    ['absent', 'absent', pod(), { kind: 'absent' }],
    ['deleting', { ...plain, deleting: true }, pod(), { kind: 'deleting' }],
    ['lost', { ...plain, lost: true }, pod(), { kind: 'lost' }],
    ['block', { ...plain, block: true }, pod(), { kind: 'block' }],
    ['held', held, pod(), elsewhere],
    ['held, and the pod is there', held, on({ nodeName: 'node-1' }), undefined],
    ['held, and the pod is elsewhere', held, on({ nodeName: 'node-2' }), elsewhere],
    ['held, and selected', held, on({ nodeSelector: { 'kubernetes.io/hostname': 'node-1' } }), undefined],
    ['held, a DaemonSet', held, terms({ matchFields: [is('metadata.name', 'node-1')] }), undefined],
    ['held, a DaemonSet elsewhere', held, terms({ matchFields: [is('metadata.name', 'node-2')] }), elsewhere],
    ['held, required', held, terms({ matchExpressions: [is('kubernetes.io/hostname', 'node-1')] }), undefined],
    [
      'held, one of two',
      held,
      terms({ matchExpressions: [is('kubernetes.io/hostname', 'node-1', 'node-2')] }),
      elsewhere,
    ],
    [
      'held, or elsewhere',
      held,
      terms({ matchFields: [is('metadata.name', 'node-1')] }, { matchExpressions: [is('zone', 'a')] }),
      elsewhere,
    ],
    ['held, another label', held, terms({ matchExpressions: [is('zone', 'node-1')] }), elsewhere],
    ['one pod', { ...held, onePod: true }, on({ nodeName: 'node-1' }), { kind: 'in-use', node: 'node-1' }],
    ['one pod, free', { ...plain, onePod: true }, pod(), undefined],
  ])('%s', (_, claim, given, problem) => {
    const delivery = { type: 'persistentVolumeClaim', claimName: 'files' };
    expect(unmet([delivery], { claim: () => claim }, given)).toEqual(problem && { why: 'claim', problem });
  });

  it('that the pod names already is no reason: it waits for that anyway, and a second pass changes nothing', () => {
    const deliveries = [{ type: 'persistentVolumeClaim', claimName: 'files' }];
    const first = decide(deliveries, {}).pod;
    const { decision, operations } = decide(deliveries, { claim: () => 'absent' }, first);
    expect([decision.outcome, operations]).toEqual(['skipped', []]);
    expect(decision.outcome === 'skipped' && decision.reason.code).toBe('already-instrumented');
  });
});

describe('a claim for the pod', () => {
  const quota = (left: Record<string, number>): Quota[] => [{ name: 'q', left: new Map(Object.entries(left)) }];
  const scratch = { ...copy, type: 'ephemeral', size: '1Gi' };
  const none = new Map<string, number>();
  const range = (min: number, max: number): LimitRangeItem => ({
    name: 'r',
    type: 'PersistentVolumeClaim',
    min: new Map([['storage', min]]),
    max: new Map([['storage', max]]),
    ratio: none,
  });
  it.each<[string, object, Partial<ClusterState>, UnmetRequirement | undefined]>([
    ['unknown', scratch, { quotas: () => undefined, limitRanges: () => undefined }, undefined],
    ['enough', scratch, { quotas: () => quota({ persistentvolumeclaims: 1, 'requests.storage': 2 ** 30 }) }, undefined],
    [
      'no room',
      scratch,
      { quotas: () => quota({ 'requests.storage': 2 ** 30 - 1 }) },
      { why: 'quota', quota: 'q', resource: 'requests.storage' },
    ],
    [
      'negative',
      scratch,
      { quotas: () => quota({ persistentvolumeclaims: -1 }) },
      { why: 'quota', quota: 'q', resource: 'persistentvolumeclaims' },
    ],
    [
      'its class',
      { ...scratch, storageClassName: 'a' },
      { quotas: () => quota({ 'a.storageclass.storage.k8s.io/persistentvolumeclaims': 0 }) },
      { why: 'quota', quota: 'q', resource: 'a.storageclass.storage.k8s.io/persistentvolumeclaims' },
    ],
    [
      'another class',
      { ...scratch, storageClassName: 'b' },
      { quotas: () => quota({ 'a.storageclass.storage.k8s.io/persistentvolumeclaims': 0 }) },
      undefined,
    ],
    [
      'too large',
      scratch,
      { limitRanges: () => [range(0, 1000)] },
      { why: 'claim-size', limitRange: 'r', size: '1Gi' },
    ],
    [
      'too small',
      scratch,
      { limitRanges: () => [range(2 ** 31, 2 ** 32)] },
      { why: 'claim-size', limitRange: 'r', size: '1Gi' },
    ],
    ['just so', scratch, { limitRanges: () => [range(2 ** 30, 2 ** 30)] }, undefined],
  ])('%s', (_, delivery, cluster, requirement) => {
    expect(unmet([delivery], cluster)).toEqual(requirement);
  });
});

describe('files on the disk of the node', () => {
  const disk = (limit: string | undefined, rest: object = {}) =>
    container('web', {
      ...(limit !== undefined && { resources: { limits: { 'ephemeral-storage': limit } } }),
      ...rest,
    });
  it.each<[string, Pod, boolean]>([
    ['no limit', pod([disk(undefined)]), true],
    ['a wide one', pod([disk('300Mi')]), true],
    ['a narrow one', pod([disk('299Mi')]), false],
    ['a narrow one beside none: it is that of the pod', pod([disk('299Mi'), { ...disk(undefined), name: 'b' }]), false],
    [
      'with a sidecar',
      pod([disk('200Mi')], {}, { initContainers: [{ ...disk('100Mi'), name: 's', restartPolicy: 'Always' }] }),
      true,
    ],
    ['one that is over', pod([disk('200Mi')], {}, { initContainers: [{ ...disk('300Mi'), name: 's' }] }), true],
  ])('%s', (_, given, fits) => {
    expect(unmet([{ ...copy, type: 'initContainer' }], {}, given)?.why).toBe(fits ? undefined : 'ephemeral-storage');
  });
});

describe('the init container', () => {
  const item = (
    type: string,
    parts: Partial<Record<'min' | 'max' | 'ratio', Record<string, number>>>,
  ): LimitRangeItem => ({
    name: 'r',
    type,
    min: new Map(Object.entries(parts.min ?? {})),
    max: new Map(Object.entries(parts.max ?? {})),
    ratio: new Map(Object.entries(parts.ratio ?? {})),
  });
  const resourcesFor = (apps: readonly JsonObject[], ranges: readonly LimitRangeItem[], spec: object = {}): unknown => {
    const given = pod(
      apps.map((resources, index) => container(`c${index}`, { resources })),
      {},
      spec,
    );
    const made = decide([{ ...copy, type: 'initContainer', sizeLimit: '1Mi' }], { limitRanges: () => ranges }, given);
    return made.pod.spec.initContainers?.at(0)?.['resources'];
  };
  const app = { requests: { cpu: '1', memory: '1Gi' } };

  it.each<[string, readonly JsonObject[], readonly LimitRangeItem[], unknown]>([
    [
      'asks for what it may use',
      [app],
      [],
      { requests: { cpu: '200m', memory: '128Mi' }, limits: { cpu: '200m', memory: '128Mi' } },
    ],
    [
      'asks for the least of a container',
      [app],
      [item('Container', { min: { cpu: 0.5 } })],
      { requests: { cpu: '500m', memory: '128Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
    ],
    [
      'has the least limit of a pod',
      [app],
      [item('Pod', { min: { cpu: 0.5 } })],
      { requests: { cpu: '200m', memory: '128Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
    ],
    [
      'has no more than the others together',
      [{ limits: { cpu: '50m' } }, { requests: { cpu: '10m' } }],
      [],
      { requests: { cpu: '10m', memory: '0' }, limits: { cpu: '50m', memory: '128Mi' } },
    ],
    [
      'keeps a ratio to the thousandth',
      [
        { requests: { cpu: '20m' }, limits: { cpu: '40m' } },
        { requests: { cpu: '300m' }, limits: { cpu: '900m' } },
      ],
      [item('Container', { ratio: { cpu: 3 } })],
      { requests: { cpu: '67m', memory: '0' }, limits: { cpu: '200m', memory: '128Mi' } },
    ],
    ['names nothing as its neighbours do', [{ requests: { cpu: '0' } }], [], { requests: { cpu: '0' }, limits: {} }],
    ['names what all name', [{ requests: { cpu: '0' } }, {}], [], undefined],
    [
      'has no limit of the disk where others have none',
      [{ requests: { cpu: '10m', 'ephemeral-storage': '1Gi' } }],
      [],
      { requests: { cpu: '10m', memory: '0', 'ephemeral-storage': '64Mi' }, limits: { cpu: '200m', memory: '128Mi' } },
    ],
  ])('%s', (_, apps, ranges, expected) => {
    expect(resourcesFor(apps, ranges)).toEqual(expected);
  });

  it('of a pod with resources as a whole has its own only where a LimitRange asks for them, within those', () => {
    const whole = { resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '100m', memory: '64Mi' } } };
    const own = { requests: { cpu: '50m', memory: '32Mi' } };
    expect(resourcesFor([own], [], whole)).toBeUndefined();
    expect(resourcesFor([own], [item('Container', { min: { cpu: 0.04 } })], whole)).toEqual({
      requests: { cpu: '50m', memory: '32Mi' },
      limits: { cpu: '100m', memory: '64Mi' },
    });
  });
});
