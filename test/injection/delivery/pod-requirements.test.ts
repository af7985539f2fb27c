import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/admission/admit.ts';
import { unknownCluster } from '../../../src/kubernetes/cluster-state.ts';
import type { Pod } from '../../../src/kubernetes/pod.ts';
import { catalogueOf, container, namespace, pod, profileDocument } from '../../support/fixtures.ts';

const copy = { image: 'registry.example.com/agent:1', command: ['cp', '-r', '/a/.', '/agent'] };
const claim = { persistentVolumeClaim: { claimName: 'files' } };
const image = { image: { reference: 'registry.example.com/agent:1' } };
const initContainer = { initContainer: { ...copy, limits: { cpu: '500m', memory: '128Mi' } } };
const ephemeral = { ephemeral: copy };
const grouped = { securityContext: { fsGroup: 2000 } };
const cluster = { ...unknownCluster, kubernetes: { major: 1, minor: 36 } };

/** The reason that rules the delivery out; undefined if the agent is injected. */
function unmet(delivery: object, given: Pod, annotations: Record<string, string> = {}): string | undefined {
  const environment = [{ name: 'AGENT', value: '/agent/a.so', group: 'g' }];
  const known = catalogueOf(
    profileDocument({ environment, deliveries: [delivery], constraints: { os: ['linux', 'windows'] } }),
  );
  const admission = admit(given, namespace(annotations), known, cluster);
  const { decision } = admission;
  if (decision.outcome === 'injected') {
    expect(admit(admission.pod, namespace(annotations), known, cluster).operations).toEqual([]);
    return undefined;
  }
  return decision.reason.code === 'no-fitting-delivery'
    ? decision.reason.skipped[0]?.requirement.why
    : decision.reason.code;
}
const limited = (cpu: string, memory: string): Pod =>
  pod([container('web', { resources: { limits: { cpu, memory } } })]);
const named = (length: number): Pod => {
  const given = pod(undefined, {}, grouped);
  return { ...given, metadata: { ...given.metadata, name: 'a'.repeat(length) } };
};

it.each<[string, object, Pod, string | undefined]>([
  ['a claim in a user namespace', claim, pod(undefined, {}, { hostUsers: false }), 'user-namespace'],
  ['an image volume in a user namespace', image, pod(undefined, {}, { hostUsers: false }), 'user-namespace'],
  ['an init container in a user namespace', initContainer, pod(undefined, {}, { hostUsers: false }), undefined],
  ['a claim without a user namespace', claim, pod(undefined, {}, { hostUsers: true }), undefined],
  [
    'a claim that the author mounts in a user namespace',
    claim,
    pod(undefined, {}, { hostUsers: false, volumes: [{ name: 'f', persistentVolumeClaim: { claimName: 'files' } }] }),
    undefined,
  ],
  ['a new volume without fsGroup', ephemeral, pod(), 'volume-owner'],
  ['a new volume with fsGroup', ephemeral, pod(undefined, {}, grouped), undefined],
  ['a claim whose name has 253 characters', ephemeral, named(253 - 'agent'.length - 4), undefined],
  ['a claim whose name is longer', ephemeral, named(253 - 'agent'.length - 3), 'claim-name'],
  [
    'an init container in a HostProcess pod',
    initContainer,
    pod([container('web', { securityContext: { windowsOptions: { hostProcess: true } } })]),
    'host-process',
  ],
  [
    'a claim in a HostProcess pod',
    claim,
    pod([container('web', { securityContext: { windowsOptions: { hostProcess: true } } })]),
    undefined,
  ],
  ['an init container with too little memory', initContainer, limited('1', '10Mi'), 'init-limit'],
  ['an init container with too little CPU', initContainer, limited('2m', '1Gi'), 'init-limit'],
  ['an init container with just enough', initContainer, limited('20m', '32Mi'), undefined],
  [
    'an init container in a pod with too little memory',
    initContainer,
    pod(undefined, {}, { resources: { limits: { memory: '10Mi' } } }),
    'init-limit',
  ],
  [
    'an init container whose profile wants as little',
    { initContainer: { ...copy, limits: { cpu: '2m', memory: '10Mi' } } },
    limited('2m', '10Mi'),
    undefined,
  ],
])('%s', (_, delivery, given, expected) => expect(unmet(delivery, given)).toBe(expected));

it('the same pod has an answer of its own with each LimitRange', () => {
  const known = catalogueOf(profileDocument({ deliveries: [initContainer] }));
  const given = limited('1', '1Gi');
  const none = new Map<string, number>();
  const small = { name: 'r', type: 'Container', min: none, max: new Map([['memory', 1024]]), ratio: none };
  const unmetWith = (limitRanges: readonly (typeof small)[]): readonly string[] => {
    const { decision } = admit(given, namespace(), known, { ...cluster, limitRanges: () => limitRanges });
    if (decision.outcome === 'injected') return [];
    const { reason } = decision;
    return 'skipped' in reason ? reason.skipped.map(({ requirement }) => requirement.why) : [reason.code];
  };
  expect([unmetWith([]), unmetWith([small]), unmetWith([])]).toEqual([[], ['init-limit'], []]);
});

describe('a delivery that a setting names', () => {
  const named2 = (delivery: object) => ({ delivery: Object.keys(delivery)[0] ?? '' });
  it.each<[string, object, Pod, string | undefined]>([
    [
      'is used in a user namespace: the file system may allow it',
      claim,
      pod(undefined, {}, { hostUsers: false }),
      undefined,
    ],
    ['is used without fsGroup: the driver may allow it', ephemeral, pod(), undefined],
    ['is not used with too little memory', initContainer, limited('1', '10Mi'), 'delivery-not-possible'],
  ])('%s', (_, delivery, given, expected) => expect(unmet(delivery, given, named2(delivery))).toBe(expected));
});
