import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/admission/admit.ts';
import { Audit } from '../../../src/diagnostics/audit.ts';
import { type Obstacle, obstacleFor, type Reach } from '../../../src/diagnostics/decisions/obstacle.ts';
import { WorkloadStatuses } from '../../../src/diagnostics/workload-status.ts';
import { unknownCluster } from '../../../src/kubernetes/cluster-state.ts';
import type { Pod } from '../../../src/kubernetes/pod.ts';
import { catalogue, namespace, pod } from '../../support/fixtures.ts';

const shop = namespace({ 'domain-id': '7' });
const injected = admit(pod(), shop, catalogue).pod;
const recorded = injected.metadata?.annotations?.['agent-injector.io/status'] ?? '';
/** It carries an earlier version of its profile. */
const outdated: Pod = {
  ...injected,
  metadata: {
    ...injected.metadata,
    annotations: { 'agent-injector.io/status': recorded.replace(/"hash":"[0-9a-f]{8}"/, '"hash":"00000000"') },
  },
};
/** Of a Deployment, which kubectl can restart. */
const ofWeb = (one: Pod): Pod => ({
  ...one,
  metadata: {
    ...one.metadata,
    name: 'web-5d4f-1',
    labels: { ...one.metadata?.labels, 'pod-template-hash': '5d4f' },
    ownerReferences: [{ kind: 'ReplicaSet', name: 'web-5d4f', controller: true }],
  },
});

const configuration = (entry: object) => ({
  metadata: { name: 'zz-agent-injector' },
  webhooks: [
    {
      name: 'enabled.agent-injector.io',
      rules: [{ apiGroups: [''], resources: ['pods'], operations: ['CREATE'] }],
      clientConfig: { caBundle: 'Q0E=', url: 'https://10.0.0.1/mutate' },
      ...entry,
    },
  ],
});

it.each<[string, object[] | undefined, Obstacle | undefined]>([
  ['a sound entry', [configuration({})], undefined],
  ['configurations that cannot be read', undefined, undefined],
  ['none of ours', [{ webhooks: [{ name: 'other.example.com' }] }], 'not-installed'],
  ['an entry without a CA', [configuration({ clientConfig: { url: 'https://10.0.0.1/mutate' } })], 'calls-fail'],
  [
    'an entry for other namespaces',
    [configuration({ namespaceSelector: { matchLabels: { a: 'b' } } })],
    'never-called',
  ],
])('%s', (_, configurations, expected) => {
  const reach = { configurations: configurations as Reach['configurations'] };
  expect(obstacleFor(reach, { pod: pod(), namespace: shop, catalogue, cluster: unknownCluster })).toBe(expected);
});

describe.each<Obstacle>(['not-installed', 'no-policy', 'never-called', 'calls-fail'])(
  'where the obstacle is %s',
  (obstacle) => {
    it('audit names no restart, and says why', () => {
      const audit = new Audit({
        catalogueOf: () => catalogue,
        namespaces: new Map([[shop.name, shop]]),
        claims: undefined,
        obstacleFor: () => obstacle,
      });
      for (const one of [pod(), outdated]) audit.add(ofWeb(one), shop.name, unknownCluster);
      const { findings } = audit.report();
      expect(findings.map(({ kind }) => kind)).toEqual(['expected-not-injected', 'outdated']);
      for (const { fix, message } of findings) {
        expect(fix).toBeUndefined();
        expect(message).toContain(`(${obstacle})`);
      }
    });

    it('status names no restart, counts no gap, and has it as the reason', () => {
      const statuses = new WorkloadStatuses();
      for (const one of [pod(), outdated])
        statuses.add({ pod: ofWeb(one), namespace: shop, catalogue, cluster: unknownCluster }, { obstacle });
      const [status] = statuses.list();
      expect(status).toMatchObject({ pods: 2, injected: 1, missing: 0, outdated: 0, whyNot: [{ code: obstacle }] });
      expect(status?.fix).toBeUndefined();
    });
  },
);
