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
import { reasonMessage } from '../../src/reasons/message.ts';
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

function outcome(...args: Parameters<typeof decide>): string {
  const { decision } = decide(...args);
  return decision.outcome === 'injected' ? 'injected' : reasonMessage(decision.reason);
}

describe('a claim', () => {
  const plain: Claim = { deleting: false, heldBy: undefined };
  const held: Claim = { deleting: false, heldBy: 'node-1' };
  const on = (spec: object): Pod => pod(undefined, {}, spec);
  const terms = (...nodeSelectorTerms: object[]) =>
    on({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } });
  const is = (key: string, ...values: string[]) => ({ key, operator: 'In', values });

  it.each<[string, Claim | 'absent' | undefined, Pod, string]>([
    ['unknown', undefined, pod(), 'injected'],
    ['there', plain, pod(), 'injected'],
    ['absent', 'absent', pod(), 'does not exist in the namespace'],
    ['deleting', { ...plain, deleting: true }, pod(), 'is being deleted'],
    ['lost', { ...plain, lost: true }, pod(), 'has lost its volume'],
    ['block', { ...plain, block: true }, pod(), 'is a block device, without files'],
    ['held', held, pod(), 'is on node-1'],
    ['held, and the pod is there', held, on({ nodeName: 'node-1' }), 'injected'],
    ['held, and the pod is elsewhere', held, on({ nodeName: 'node-2' }), 'is on node-1'],
    ['held, and selected', held, on({ nodeSelector: { 'kubernetes.io/hostname': 'node-1' } }), 'injected'],
    ['held, a DaemonSet', held, terms({ matchFields: [is('metadata.name', 'node-1')] }), 'injected'],
    ['held, a DaemonSet elsewhere', held, terms({ matchFields: [is('metadata.name', 'node-2')] }), 'is on node-1'],
    ['held, required', held, terms({ matchExpressions: [is('kubernetes.io/hostname', 'node-1')] }), 'injected'],
    [
      'held, one of two',
      held,
      terms({ matchExpressions: [is('kubernetes.io/hostname', 'node-1', 'node-2')] }),
      'is on node-1',
    ],
    [
      'held, or elsewhere',
      held,
      terms({ matchFields: [is('metadata.name', 'node-1')] }, { matchExpressions: [is('zone', 'a')] }),
      'is on node-1',
    ],
    ['held, another label', held, terms({ matchExpressions: [is('zone', 'node-1')] }), 'is on node-1'],
    ['one pod', { ...held, onePod: true }, on({ nodeName: 'node-1' }), 'is in use on node-1'],
    ['one pod, free', { ...plain, onePod: true }, pod(), 'injected'],
  ])('%s', (_, claim, given, text) => {
    expect(outcome([{ type: 'persistentVolumeClaim', claimName: 'files' }], { claim: () => claim }, given)).toContain(
      text,
    );
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
  it.each<[string, object, Partial<ClusterState>, string]>([
    ['unknown', scratch, { quotas: () => undefined, limitRanges: () => undefined }, 'injected'],
    [
      'enough',
      scratch,
      { quotas: () => quota({ persistentvolumeclaims: 1, 'requests.storage': 2 ** 30 }) },
      'injected',
    ],
    [
      'no room',
      scratch,
      { quotas: () => quota({ 'requests.storage': 2 ** 30 - 1 }) },
      'too little left of requests.storage',
    ],
    [
      'negative',
      scratch,
      { quotas: () => quota({ persistentvolumeclaims: -1 }) },
      'too little left of persistentvolumeclaims',
    ],
    [
      'its class',
      { ...scratch, storageClassName: 'a' },
      { quotas: () => quota({ 'a.storageclass.storage.k8s.io/persistentvolumeclaims': 0 }) },
      'too little left of a.storageclass',
    ],
    [
      'another class',
      { ...scratch, storageClassName: 'b' },
      { quotas: () => quota({ 'a.storageclass.storage.k8s.io/persistentvolumeclaims': 0 }) },
      'injected',
    ],
    ['too large', scratch, { limitRanges: () => [range(0, 1000)] }, 'LimitRange r allows no claim of 1Gi'],
    ['too small', scratch, { limitRanges: () => [range(2 ** 31, 2 ** 32)] }, 'LimitRange r allows no claim of 1Gi'],
    ['just so', scratch, { limitRanges: () => [range(2 ** 30, 2 ** 30)] }, 'injected'],
  ])('%s', (_, delivery, cluster, text) => {
    expect(outcome([delivery], cluster)).toContain(text);
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
    expect(outcome([{ ...copy, type: 'initContainer' }], {}, given) === 'injected').toBe(fits);
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
