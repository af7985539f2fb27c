import { describe, expect, it } from 'vitest';
import { admitInContext } from '../../src/admission/admit.ts';
import type { InjectionContext } from '../../src/injection/context.ts';
import { unknownCluster, type ClusterState } from '../../src/kubernetes/cluster-state.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Container, Pod } from '../../src/kubernetes/pod.ts';
import type { Catalogue } from '../../src/profiles/catalogue.ts';
import { PlanCache } from '../../src/webhook/plan-cache.ts';
import { catalogueOf, container, namespace, profileDocument } from '../support/fixtures.ts';

// Profiles of users can compare what built-in ones only copy. A compiled decision must be the one on the pod itself there, too.

const cluster: ClusterState = {
  ...unknownCluster,
  kubernetes: { major: 1, minor: 36 },
  claim: (_, name) => (name === 'missing' ? 'absent' : undefined),
};

/** A pod of a StatefulSet of this name. */
function podOf(workload: string, containers: readonly Container[], rest: object = {}): Pod {
  return {
    metadata: {
      generateName: `${workload}-`,
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: workload, uid: 'u', controller: true }],
    },
    spec: { containers, ...rest },
  };
}

/** One cache decides on all pods in order, as a server does. */
function expectSame(catalogue: Catalogue, pods: readonly Pod[], place: Namespace = namespace()): void {
  const plans = new PlanCache();
  for (const pod of pods) {
    const context: InjectionContext = { pod, namespace: place, catalogue, cluster };
    const { inputs: _, ...compiled } = plans.admit(context);
    expect(compiled).toEqual(admitInContext(context));
  }
}

const BAKED = { deliveries: [{ preinstalled: {} }], mounts: [] };

const value = (text: string): object => ({ environment: [{ name: 'AGENT', value: text }] });

/** Workloads that differ in nothing but their names, which are as long as each other. */
const orders = podOf('orders', [container('server')]);
const ledger = podOf('ledger', [container('server')]);

interface Row {
  readonly what: string;
  readonly profiles: readonly object[];
  readonly pods: readonly Pod[];
  readonly place?: Namespace;
}

const byWorkload = (parameter: object): object => ({
  ...BAKED,
  ...value('${p}'),
  parameters: [{ name: 'p', description: 'd', default: '${pod.workload}', ...parameter }],
});

const rows: readonly Row[] = [
  {
    what: 'a list of values for a parameter that is the name of the workload by default',
    profiles: [profileDocument(byWorkload({ type: 'enum', values: ['orders'] }))],
    pods: [ledger, orders],
  },
  {
    what: 'a condition on the name of the workload',
    profiles: [
      profileDocument({
        ...byWorkload({ type: 'word' }),
        environment: [
          { name: 'AGENT', value: '1' },
          { name: 'ORDERS', value: '1', when: { parameter: { name: 'p', equals: 'orders' } } },
        ],
      }),
    ],
    pods: [ledger, orders],
  },
  {
    what: 'allowed images by the name of the workload',
    profiles: [
      profileDocument({
        deliveries: [{ image: { reference: '${p}' } }],
        ...value('1'),
        parameters: [
          { name: 'p', description: 'd', type: 'image', default: 'example.com/${pod.workload}', allowed: ['*/ord*'] },
        ],
      }),
    ],
    pods: [ledger, orders],
  },
  {
    what: 'a list that has the name of the workload already, by another profile',
    profiles: [
      profileDocument({
        ...BAKED,
        environment: [{ name: 'LIST', value: 'orders', operation: 'append', separator: ',' }],
      }),
      profileDocument(
        {
          ...BAKED,
          environment: [{ name: 'LIST', value: '${pod.workload}', operation: 'append', separator: ',' }],
        },
        'second',
      ),
    ],
    pods: [ledger, orders],
  },
  {
    what: 'a list that has the name of the workload already, by the namespace',
    profiles: [
      profileDocument({
        ...BAKED,
        parameters: [{ name: 'p', description: 'd', type: 'word', default: 'none' }],
        environment: [
          { name: 'LIST', value: '${p}', operation: 'append', separator: ',' },
          { name: 'LIST', value: '${pod.workload}', operation: 'append', separator: ',' },
        ],
      }),
    ],
    pods: [ledger, orders],
    place: namespace({ p: 'orders' }),
  },
  {
    what: 'a separator that names can contain',
    profiles: [
      profileDocument({
        ...BAKED,
        environment: [
          { name: 'LIST', value: '${pod.workload}', operation: 'append', separator: '-' },
          { name: 'LIST', value: 'web', operation: 'append', separator: '-' },
        ],
      }),
    ],
    pods: [podOf('orders-api', [container('server')]), podOf('orders-web', [container('server')])],
  },
  {
    what: 'a namespace with the name of the workload',
    profiles: [
      profileDocument({
        ...BAKED,
        environment: [
          { name: 'LIST', value: '${pod.namespace}', operation: 'append', separator: ',' },
          { name: 'LIST', value: '${pod.workload}', operation: 'append', separator: ',' },
        ],
      }),
    ],
    pods: [ledger, orders],
    place: { ...namespace(), name: 'orders' },
  },
  {
    what: 'an encoded host name',
    profiles: [profileDocument(byWorkload({ type: 'url', default: 'http://${pod.workload}' }))],
    pods: [podOf('orders-one', [container('server')]), podOf('xn--or----1', [container('server')])],
  },
  {
    what: 'a workload and a container of one name',
    profiles: [
      profileDocument({
        ...BAKED,
        environment: [
          { name: 'LIST', value: '${pod.workload}', operation: 'append', separator: ',' },
          { name: 'LIST', value: '${container.name}', operation: 'append', separator: ',' },
        ],
      }),
    ],
    pods: [podOf('orders', [container('ledger')]), podOf('orders', [container('orders')])],
  },
  {
    what: 'a matcher on the name of the container that matches a stand-in',
    profiles: [
      profileDocument({
        ...BAKED,
        ...value('${pod.workload}'),
        containers: { exclude: [{ containerName: '*x' }] },
      }),
      profileDocument({ ...BAKED, ...value('2'), containers: { include: [{ containerName: 'z*' }] } }, 'second'),
    ],
    pods: [orders, ledger],
  },
  {
    what: 'a matcher on images of any name',
    profiles: [profileDocument({ ...BAKED, ...value('1'), containers: { exclude: [{ image: '*' }] } })],
    pods: [podOf('orders', [container('server', { image: 'a'.repeat(513) })])],
  },
  {
    what: 'a namespace whose settings have the text of a stand-in',
    profiles: [profileDocument({ ...byWorkload({ type: 'word' }) })],
    pods: [orders, ledger],
    place: namespace({ p: 'zq0z0x' }),
  },
  {
    what: 'a matcher on a volume whose name ends in a number',
    profiles: [
      profileDocument({
        ...BAKED,
        ...value('1'),
        conflicts: [{ code: 'other', match: [{ volume: 'other-1' }], message: 'no' }],
      }),
    ],
    pods: [
      orders,
      podOf('orders', [container('server')], { volumes: [{ name: 'other-1', secret: { secretName: 'x' } }] }),
    ],
  },
  {
    what: 'a profile whose name ends in a number',
    profiles: [profileDocument(value('1'), 'agent-2')],
    pods: [
      podOf('orders', [container('server', { volumeMounts: [{ name: 'agent-2', mountPath: '/data' }] })]),
      podOf('orders', [container('server')], { volumes: [{ name: 'agent-2', secret: { secretName: 'x' } }] }),
    ],
  },
  {
    what: 'a volume of two types',
    profiles: [profileDocument({ ...value('1'), deliveries: [{ persistentVolumeClaim: { claimName: 'missing' } }] })],
    pods: [
      podOf('orders', [container('server')], {
        volumes: [{ name: 'one', secret: null, persistentVolumeClaim: { claimName: 'missing' } }],
      }),
    ],
  },
];

describe('a compiled decision for profiles that compare', () => {
  it.each(rows)('$what', ({ profiles, pods, place }) => {
    expectSame(catalogueOf(...profiles), pods, place);
  });
});
