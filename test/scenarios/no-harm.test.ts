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
import type { ClaimProblem } from '../../src/reasons/claim-problem.ts';
import type { Reason } from '../../src/reasons/reason.ts';
import { catalogueOf, container, namespace, pod, profileDocument } from '../support/fixtures.ts';

// Decisions that depend on claims, quotas and LimitRanges. test/e2e/no-harm.test.ts runs against a real API server.

const copy = { image: 'registry.example.com/agent:1', command: ['cp'] };

function decide(deliveries: readonly object[], cluster: Partial<ClusterState>, given: Pod = pod()) {
  const known = catalogueOf(profileDocument({ deliveries, environment: [{ name: 'A', value: 'a' }] }));
  return admit(given, namespace({ profile: 'agent' }), known, {
    ...unknownCluster,
    kubernetes: { major: 1, minor: 36 },
    ...cluster,
  });
}

/** Undefined if the agent is injected. */
function reasonFor(...args: Parameters<typeof decide>): Reason | undefined {
  const { decision } = decide(...args);
  return decision.outcome === 'injected' ? undefined : decision.reason;
}

describe('a claim that is', () => {
  const plain: Claim = { deleting: false, heldBy: undefined };
  const once: Claim = { ...plain, oneNode: true };
  const held: Claim = { ...once, heldBy: 'node-1' };
  const on = (spec: object): Pod => pod(undefined, {}, spec);
  const terms = (...nodeSelectorTerms: object[]) =>
    on({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } });
  const is = (key: string, ...values: string[]) => ({ key, operator: 'In', values });
  const inZone = (zone: string): Partial<Claim> => ({ terms: [[is('topology.kubernetes.io/zone', zone)]] });
  const onNode1: Partial<Claim> = { terms: [[is('kubernetes.io/hostname', 'node-1')]] };
  const selecting = (zone: string): Pod => on({ nodeSelector: { 'topology.kubernetes.io/zone': zone } });

  const fromDaemonSet = terms({ matchFields: [is('metadata.name', 'node-1')] });
  const ownerReferences = [{ kind: 'DaemonSet', name: 'log', controller: true }];
  const ofDaemonSet = { ...fromDaemonSet, metadata: { ...fromDaemonSet.metadata, ownerReferences } };

  const elsewhere: ClaimProblem = { kind: 'elsewhere', node: 'node-1' };
  it.each<[string, Claim | 'absent' | undefined, Pod, ClaimProblem | undefined]>([
    ['unknown', undefined, pod(), undefined],
    ['usable', plain, pod(), undefined],
    ['absent', 'absent', pod(), { kind: 'absent' }],
    ['being deleted', { ...plain, deleting: true }, pod(), { kind: 'deleting' }],
    ['lost', { ...plain, lost: true }, pod(), { kind: 'lost' }],
    ['a block device', { ...plain, block: true }, pod(), { kind: 'block' }],
    ['bound to a node', held, pod(), elsewhere],
    ['bound to the node of the pod', held, on({ nodeName: 'node-1' }), undefined],
    ['bound to another node than the pod', held, on({ nodeName: 'node-2' }), elsewhere],
    ['bound to the selected node', held, on({ nodeSelector: { 'kubernetes.io/hostname': 'node-1' } }), undefined],
    ['bound to the node of a DaemonSet pod', held, terms({ matchFields: [is('metadata.name', 'node-1')] }), undefined],
    ['not on the node of a DaemonSet pod', held, terms({ matchFields: [is('metadata.name', 'node-2')] }), elsewhere],
    [
      'bound to the required node',
      held,
      terms({ matchExpressions: [is('kubernetes.io/hostname', 'node-1')] }),
      undefined,
    ],
    [
      'bound to one of two possible nodes',
      held,
      terms({ matchExpressions: [is('kubernetes.io/hostname', 'node-1', 'node-2')] }),
      elsewhere,
    ],
    [
      'bound to a node that one of two terms requires',
      held,
      terms({ matchFields: [is('metadata.name', 'node-1')] }, { matchExpressions: [is('zone', 'a')] }),
      elsewhere,
    ],
    ['bound to the value of another label', held, terms({ matchExpressions: [is('zone', 'node-1')] }), elsewhere],
    [
      'in use by its only pod',
      { ...held, onePod: true },
      on({ nodeName: 'node-1' }),
      { kind: 'in-use', node: 'node-1' },
    ],
    ['for one pod and not in use', { ...once, onePod: true }, pod(), { kind: 'one-pod' }],
    ['for one node and not in use', once, pod(), { kind: 'one-node' }],
    ['for one node, and the pod is bound to one', once, on({ nodeName: 'node-2' }), undefined],
    ['for one node, and the pod is one of a DaemonSet', once, ofDaemonSet, { kind: 'one-node' }],
    ['for one node, on a disk of that node', { ...once, ...onNode1 }, pod(), undefined],
    [
      'on a disk of a node where the pod cannot run',
      { ...once, ...onNode1 },
      on({ nodeName: 'node-2' }),
      { kind: 'unreachable' },
    ],
    ['in the zone of the pod', { ...plain, ...inZone('a') }, selecting('a'), undefined],
    ['in another zone than the pod', { ...plain, ...inZone('a') }, selecting('b'), { kind: 'unreachable' }],
    ['without a volume for ever', { ...plain, unbound: 'never' }, pod(), { kind: 'no-volume' }],
    ['without a volume for long', { ...plain, unbound: 'late' }, pod(), { kind: 'unbound' }],
  ])('%s', (_, claim, given, problem) => {
    const reason = reasonFor([{ persistentVolumeClaim: { claimName: 'files' } }], { claim: () => claim }, given);
    expect(reason).toEqual(problem && { code: 'claim-unusable', claim: 'files', problem });
  });

  it.each([
    ['not in use', once],
    ['in use by another pod', held],
  ])('for one node and %s does no harm in a cluster of one node', (_, claim) => {
    const nodes = () => ({ mountImages: false, single: true });
    expect(
      reasonFor([{ persistentVolumeClaim: { claimName: 'files' } }], { claim: () => claim, nodes }),
    ).toBeUndefined();
  });

  it.each([
    ['for one node', once, undefined],
    ['for one pod', { ...once, onePod: true }, undefined],
    ['in use elsewhere', held, 'claim-unusable'],
    ['in another zone', { ...plain, ...inZone('a') }, 'claim-unusable'],
  ])('%s is used where a setting names the delivery, unless it certainly cannot be', (_, claim, code) => {
    const given = selecting('b');
    const named = { ...given, metadata: { annotations: { 'agent-injector.io/delivery': 'persistentVolumeClaim' } } };
    const deliveries = [{ persistentVolumeClaim: { claimName: 'files' } }];
    expect(reasonFor(deliveries, { claim: () => claim }, named)?.code).toBe(code);
  });

  it('absent does not matter to a pod that mounts it already, and a second pass changes nothing', () => {
    const deliveries = [{ persistentVolumeClaim: { claimName: 'files' } }];
    const first = decide(deliveries, {}).pod;
    const { decision, operations } = decide(deliveries, { claim: () => 'absent' }, first);
    expect([decision.outcome, operations]).toEqual(['skipped', []]);
    expect(decision.outcome === 'skipped' && decision.reason.code).toBe('already-instrumented');
  });
});

describe('an ephemeral claim', () => {
  const quota = (left: Record<string, number>): Quota[] => [{ name: 'q', left: new Map(Object.entries(left)) }];
  const scratch = { ephemeral: { ...copy, size: '1Gi' } };
  const none = new Map<string, number>();
  const range = (min: number, max: number): LimitRangeItem => ({
    name: 'r',
    type: 'PersistentVolumeClaim',
    min: new Map([['storage', min]]),
    max: new Map([['storage', max]]),
    ratio: none,
  });
  const refused = { why: 'claim-size', limitRange: 'r', size: '1Gi' };
  it.each<[string, object, Partial<ClusterState>, object | undefined]>([
    ['with unknown limits', scratch, { quotas: () => undefined, limitRanges: () => undefined }, undefined],
    ['of a class that makes a volume', scratch, { newVolume: () => ({ unbound: 'soon' }) }, undefined],
    [
      'of no class, and without a default one',
      scratch,
      { newVolume: (storageClass) => (storageClass === undefined ? { unbound: 'never' } : {}) },
      { why: 'storage-class', problem: 'no-volume' },
    ],
    [
      'of a class that is not there',
      { ephemeral: { ...scratch.ephemeral, storageClassName: 'fast' } },
      { newVolume: (storageClass) => (storageClass === 'fast' ? { unbound: 'never' } : {}) },
      { why: 'storage-class', storageClass: 'fast', problem: 'no-volume' },
    ],
    [
      'of a class of another zone',
      scratch,
      { newVolume: () => ({ terms: [[{ key: 'kubernetes.io/os', operator: 'In', values: ['windows'] }]] }) },
      { why: 'storage-class', problem: 'unreachable' },
    ],
    [
      'within its quota',
      scratch,
      { quotas: () => quota({ persistentvolumeclaims: 1, 'requests.storage': 2 ** 30 }) },
      undefined,
    ],
    [
      'one byte beyond its quota',
      scratch,
      { quotas: () => quota({ 'requests.storage': 2 ** 30 - 1 }) },
      { why: 'quota', quota: 'q', resource: 'requests.storage' },
    ],
    [
      'with a quota that is exceeded already',
      scratch,
      { quotas: () => quota({ persistentvolumeclaims: -1 }) },
      { why: 'quota', quota: 'q', resource: 'persistentvolumeclaims' },
    ],
    [
      'beyond the quota of its storage class',
      { ephemeral: { ...scratch.ephemeral, storageClassName: 'a' } },
      { quotas: () => quota({ 'a.storageclass.storage.k8s.io/persistentvolumeclaims': 0 }) },
      { why: 'quota', quota: 'q', resource: 'a.storageclass.storage.k8s.io/persistentvolumeclaims' },
    ],
    [
      'beyond the quota of another storage class',
      { ephemeral: { ...scratch.ephemeral, storageClassName: 'b' } },
      { quotas: () => quota({ 'a.storageclass.storage.k8s.io/persistentvolumeclaims': 0 }) },
      undefined,
    ],
    ['above the maximum of a LimitRange', scratch, { limitRanges: () => [range(0, 1000)] }, refused],
    ['below the minimum of a LimitRange', scratch, { limitRanges: () => [range(2 ** 31, 2 ** 32)] }, refused],
    ['at the bounds of a LimitRange', scratch, { limitRanges: () => [range(2 ** 30, 2 ** 30)] }, undefined],
  ])('%s', (_, delivery, cluster, requirement) => {
    const spec = { securityContext: { fsGroup: 2000 }, nodeSelector: { 'kubernetes.io/os': 'linux' } };
    const grouped = pod(undefined, {}, spec);
    expect(reasonFor([delivery], cluster, grouped)).toEqual(
      requirement && {
        code: 'no-fitting-delivery',
        profile: 'agent',
        skipped: [{ delivery: 'ephemeral', requirement }],
      },
    );
  });
});

describe('300 MiB of files on the disk of the node', () => {
  const disk = (limit: string | undefined, rest: object = {}) =>
    container('web', {
      ...(limit !== undefined && { resources: { limits: { 'ephemeral-storage': limit } } }),
      ...rest,
    });
  it.each<[string, Pod, boolean]>([
    ['fit without a limit', pod([disk(undefined)]), true],
    ['fit a limit of the same size', pod([disk('300Mi')]), true],
    ['exceed a smaller limit', pod([disk('299Mi')]), false],
    [
      'exceed the smaller limit of one of two containers',
      pod([disk('299Mi'), { ...disk(undefined), name: 'b' }]),
      false,
    ],
    [
      'fit the sum of the limits of a container and a sidecar',
      pod([disk('200Mi')], {}, { initContainers: [{ ...disk('100Mi'), name: 's', restartPolicy: 'Always' }] }),
      true,
    ],
    [
      'fit the limit of an init container',
      pod([disk('200Mi')], {}, { initContainers: [{ ...disk('300Mi'), name: 's' }] }),
      true,
    ],
  ])('%s', (_, given, fits) => {
    expect(reasonFor([{ initContainer: copy }], {}, given) === undefined).toBe(fits);
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
    const admission = decide([{ initContainer: { ...copy, sizeLimit: '1Mi' } }], { limitRanges: () => ranges }, given);
    return admission.pod.spec.initContainers?.at(0)?.['resources'];
  };
  const app = { requests: { cpu: '1', memory: '1Gi' } };

  it.each<[string, readonly JsonObject[], readonly LimitRangeItem[], unknown]>([
    [
      'requests as much as its limit',
      [app],
      [],
      { requests: { cpu: '200m', memory: '128Mi' }, limits: { cpu: '200m', memory: '128Mi' } },
    ],
    [
      'requests at least the minimum of a container',
      [app],
      [item('Container', { min: { cpu: 0.5 } })],
      { requests: { cpu: '500m', memory: '128Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
    ],
    [
      'is limited to at least the minimum of a pod',
      [app],
      [item('Pod', { min: { cpu: 0.5 } })],
      { requests: { cpu: '200m', memory: '128Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
    ],
    [
      'is limited to at most the sum of the app containers',
      [{ limits: { cpu: '50m' } }, { requests: { cpu: '10m' } }],
      [],
      { requests: { cpu: '10m', memory: '0' }, limits: { cpu: '50m', memory: '128Mi' } },
    ],
    [
      'keeps the ratio of a LimitRange to the thousandth',
      [
        { requests: { cpu: '20m' }, limits: { cpu: '40m' } },
        { requests: { cpu: '300m' }, limits: { cpu: '900m' } },
      ],
      [item('Container', { ratio: { cpu: 3 } })],
      { requests: { cpu: '67m', memory: '0' }, limits: { cpu: '200m', memory: '128Mi' } },
    ],
    [
      'requests zero if the app container does',
      [{ requests: { cpu: '0' } }],
      [],
      { requests: { cpu: '0' }, limits: {} },
    ],
    ['has no resources unless all app containers have them', [{ requests: { cpu: '0' } }, {}], [], undefined],
    [
      'has no limit of ephemeral storage if the app container has none',
      [{ requests: { cpu: '10m', 'ephemeral-storage': '1Gi' } }],
      [],
      { requests: { cpu: '10m', memory: '0', 'ephemeral-storage': '64Mi' }, limits: { cpu: '200m', memory: '128Mi' } },
    ],
  ])('%s', (_, apps, ranges, expected) => {
    expect(resourcesFor(apps, ranges)).toEqual(expected);
  });

  it('has resources of its own in a pod with resources as a whole only if a LimitRange requires them', () => {
    const whole = { resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '100m', memory: '64Mi' } } };
    const own = { requests: { cpu: '50m', memory: '32Mi' } };
    expect(resourcesFor([own], [], whole)).toBeUndefined();
    expect(resourcesFor([own], [item('Container', { min: { cpu: 0.04 } })], whole)).toEqual({
      requests: { cpu: '50m', memory: '32Mi' },
      limits: { cpu: '100m', memory: '64Mi' },
    });
  });
});
