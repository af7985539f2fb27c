import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import { type ClusterState, unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import type { Reason } from '../../src/reasons/reason.ts';
import {
  catalogueFrom,
  catalogueOf,
  container,
  plainNamespace,
  pod,
  profileDocument,
  reasonOf,
} from '../support/fixtures.ts';

const agent = (name: string, spec: object = {}): object =>
  profileDocument(
    { mounts: [{ path: `/${name}` }], environment: [{ name: `AGENT_${name}`, value: '1', group: 'g' }], ...spec },
    name,
  );

/** Which agents a container has afterwards, by container; and that a second pass agrees. */
function agents(
  given: Pod,
  known = catalogueOf(agent('a')),
  within = plainNamespace(),
  cluster: ClusterState = unknownCluster,
): Record<string, string> {
  const { decision, pod: after } = admit(given, within, known, cluster);
  expect(decision.outcome !== 'injected' && decision.reason.code).not.toBe('rule-broken');
  const again = admit(after, within, known, cluster);
  expect(again.operations).toEqual([]);
  return Object.fromEntries(
    [...after.spec.containers, ...(after.spec.initContainers ?? [])].map(({ name, env }) => [
      name,
      (env ?? []).flatMap((one) => (one.name.startsWith('AGENT_') ? [one.name.slice(6)] : [])).join(),
    ]),
  );
}

/** The reason where the pod is not injected, then the notices. */
function reasonsOf(given: Pod, known = catalogueOf(agent('a')), within = plainNamespace()): readonly Reason[] {
  const admission = admit(given, within, known);
  return [reasonOf(admission) ?? [], admission.decision.notices].flat();
}

describe('which containers', () => {
  const app = (name: string, image: string, env: string[] = []) =>
    container(name, { image, env: env.map((one) => ({ name: one, value: 'x' })) });
  const mixed = [
    app('web', 'r/dotnet/aspnet:8', ['ASPNETCORE_URLS']),
    app('worker', 'r/java:17'),
    app('istio-proxy', 'r/proxy'),
  ];
  const starting = { initContainers: [container('migrate'), container('tail', { restartPolicy: 'Always' })] };

  it.each<[string | undefined, string[]]>([
    [undefined, ['web', 'worker']],
    ['web', ['web']],
    ['w*', ['web', 'worker']],
    ['image:*/java:*', ['worker']],
    ['image:*dotnet*, migrate', ['web', 'migrate']],
    ['env:ASPNETCORE_URLS', ['web']],
    ['env:ASPNETCORE', []],
    ['tail', ['tail']],
    ['t*', []],
    ['image:*', ['web', 'worker', 'istio-proxy']],
  ])('%s', (containers, expected) => {
    const result = agents(pod(mixed, containers === undefined ? {} : { containers }, starting));
    expect(Object.keys(result).filter((name) => result[name] === 'a')).toEqual(expected);
  });

  const java = agent('java', {
    containers: {
      include: [
        { in: 'image', matches: '*java*' },
        { in: 'environment', name: 'JAVA_HOME' },
      ],
    },
  });
  const dotnet = agent('dotnet', {
    containers: { include: [{ in: 'image', matches: '*dotnet*' }], exclude: [{ in: 'name', matches: '*-job' }] },
  });

  it.each<[string, Pod, Record<string, string>]>([
    ['each its own', pod(mixed), { web: 'dotnet', worker: 'java', 'istio-proxy': '' }],
    ['by a variable', pod([app('x', 'r/x', ['JAVA_HOME'])]), { x: 'java' }],
    ['but for those excluded', pod([app('web-job', 'r/dotnet:1'), app('w', 'r/java')]), { 'web-job': '', w: 'java' }],
    [
      'who names them is not asked for signs',
      pod(mixed, { containers: 'web' }),
      { web: 'java,dotnet', worker: '', 'istio-proxy': '' },
    ],
    [
      'named for one of them',
      pod(mixed, { 'containers.java': 'istio-proxy' }),
      { web: 'dotnet', worker: '', 'istio-proxy': 'java' },
    ],
    [
      'named for both',
      pod(mixed, { containers: 'worker', 'containers.dotnet': 'web' }),
      { web: 'dotnet', worker: 'java', 'istio-proxy': '' },
    ],
    [
      'a container says which',
      pod(mixed, { 'profile.agent-injector.io/worker': 'dotnet' }),
      { web: 'dotnet', worker: '', 'istio-proxy': '' },
    ],
    [
      'a container says none',
      pod(mixed, { 'profile.agent-injector.io/web': 'none' }),
      { web: '', worker: 'java', 'istio-proxy': '' },
    ],
  ])('side by side: %s', (_, given, expected) => {
    expect(agents(given, catalogueOf(java, dotnet))).toEqual(expected);
  });

  it('a profile that applies to no container is reported', () => {
    expect(reasonsOf(pod([app('x', 'r/x')]), catalogueOf(java))).toEqual([
      { code: 'no-target-container', profile: 'java' },
    ]);
  });
});

describe('one place in a process', () => {
  const slots = { slots: ['jvm-agent'] };

  it('goes to the first of the profiles, then and on a second pass', () => {
    const known = catalogueOf(agent('a', slots), agent('b', slots), agent('c'));
    const { decision, pod: after } = admit(pod(), plainNamespace(), known);
    expect(agents(pod(), known)).toEqual({ web: 'a,c' });
    const reasons = decision.containers.flatMap((one) => (one.outcome === 'skipped' ? [one.reason] : []));
    expect(reasons).toEqual([{ code: 'slot-taken', slot: 'jvm-agent', profile: 'b', by: 'a' }]);
    const again = admit(after, plainNamespace(), known).decision;
    expect(again.containers.map((one) => one.outcome === 'skipped' && one.reason.code)).toEqual([
      'already-instrumented',
      'slot-taken',
      'already-instrumented',
    ]);
  });

  it('is free again in another container', () => {
    const annotations = { 'profile.agent-injector.io/web': 'a', 'profile.agent-injector.io/worker': 'b' };
    expect(
      agents(
        pod([container('web'), container('worker')], annotations),
        catalogueOf(agent('a', slots), agent('b', slots)),
      ),
    ).toEqual({ web: 'a', worker: 'b' });
  });
});

describe('guard rails', () => {
  const owned = (kind: string, rest: object = {}): Pod => {
    const given = pod();
    return {
      ...given,
      metadata: {
        ...given.metadata,
        ownerReferences: [
          { kind: 'Node', name: 'n' },
          { kind, name: 'x', controller: true, ...rest },
        ],
      },
    };
  };

  it.each<[string, Pod, object, Record<string, string>, string]>([
    [
      'by annotation',
      owned('Job'),
      {},
      { 'exclude-owners': 'DaemonSet, Job' },
      'namespace annotation agent-injector.io/exclude-owners',
    ],
    ['by the profile', owned('Job'), { constraints: { os: ['linux'], excludeOwners: ['Job'] } }, {}, 'profile a'],
  ])('kinds of owners %s', (_, given, spec, annotations, by) => {
    expect(reasonsOf(given, catalogueOf(agent('a', spec)), plainNamespace(annotations))).toEqual([
      { code: 'owner-excluded', kind: 'Job', by },
    ]);
    expect(agents(owned('ReplicaSet'), catalogueOf(agent('a', spec)), plainNamespace(annotations))).toEqual({
      web: 'a',
    });
  });

  it.each([
    [['shop'], true],
    [['sh*', 'x'], true],
    [['other'], false],
  ])('namespaces %j', (namespaces, allowed) => {
    const known = catalogueOf(agent('a', { namespaces }));
    expect(agents(pod(), known)).toEqual({ web: allowed ? 'a' : '' });
    if (!allowed) {
      expect(reasonsOf(pod(), known)).toEqual([{ code: 'profile-not-allowed', profile: 'a', namespace: 'shop' }]);
    }
  });

  it.each<[string[], string, number]>([
    [['cluster'], 'cluster', 3],
    [['cluster', 'namespace'], 'namespace', 2],
    [['pod'], 'pod', 1],
    [['container'], 'container', 0],
    [['namespace', 'container'], 'container', 0],
  ])('a parameter that %j may set', (settableBy, expected, passedOver) => {
    const parameters = [{ name: 'who', type: 'string', settableBy, description: 'd' }];
    const environment = [
      { name: 'WHO', value: '${who}', when: { if: 'parameter', name: 'who' } },
      { name: 'AGENT_a', value: '1', group: 'g' },
    ];
    const known = catalogueFrom({
      profiles: [agent('a', { parameters, environment })],
      defaults: { profile: 'a', who: 'cluster' },
    });
    const given = pod(undefined, { who: 'pod', 'who.agent-injector.io/web': 'container' });
    const { decision, pod: after } = admit(given, plainNamespace({ who: 'namespace' }), known);
    expect(after.spec.containers[0]?.env?.find(({ name }) => name === 'WHO')?.value).toBe(expected);
    expect(decision.notices.filter(({ code }) => code === 'parameter-locked')).toHaveLength(passedOver);
  });

  it('a parameter that is ignored is reported, also where the agent is not injected', () => {
    const parameters = [{ name: 'who', type: 'string', settableBy: ['cluster'], required: true, description: 'd' }];
    expect(reasonsOf(pod(undefined, { who: 'x' }), catalogueOf(agent('a', { parameters })))).toEqual([
      { code: 'missing-parameter', parameter: 'who', profile: 'a' },
      { code: 'parameter-locked', parameter: 'who', source: { from: 'pod', key: 'agent-injector.io/who' } },
    ]);
  });

  it('a name in ownerReferences, which nobody checks, becomes no path', () => {
    const deliveries = [{ type: 'hostPath', path: '/opt/${pod.workload}' }];
    const path = (given: Pod) =>
      admit(given, plainNamespace(), catalogueOf(agent('a', { deliveries }))).pod.spec.volumes?.[0]?.['hostPath'];
    expect(path(owned('StatefulSet', { name: '../../etc' }))).toMatchObject({ path: '/opt/web' });
    expect(path(owned('StatefulSet', { name: 'db' }))).toMatchObject({ path: '/opt/db' });
    expect(path(owned('Job', { name: 'backup-29384756' }))).toMatchObject({ path: '/opt/backup' });
  });

  it('notices are few, each once', () => {
    const parameters = [{ name: 'who', type: 'string', settableBy: ['cluster'], description: 'd' }];
    const many = Array.from({ length: 300 }, (_, index) => container(`c${index}`));
    const { decision } = admit(pod(many, { who: 'x' }), plainNamespace(), catalogueOf(agent('a', { parameters })));
    expect(decision.notices).toHaveLength(1);
  });
});

describe('where the pod can run', () => {
  const affinity = (...terms: (readonly [string, string, string[]])[][]) => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: terms.map((term) => ({
            matchExpressions: term.map(([key, operator, values]) => ({ key, operator, values })),
          })),
        },
      },
    },
  });
  const ARCH = 'kubernetes.io/arch';
  const OS = 'kubernetes.io/os';

  it.each<[string, object, boolean]>([
    ['anywhere', {}, true],
    ['selector amd64', { nodeSelector: { [ARCH]: 'amd64' } }, true],
    ['selector arm64', { nodeSelector: { [ARCH]: 'arm64' } }, false],
    ['in both', affinity([[ARCH, 'In', ['arm64', 'amd64']]]), true],
    ['in arm64', affinity([[ARCH, 'In', ['arm64']]]), false],
    ['not in amd64', affinity([[ARCH, 'NotIn', ['amd64']]]), false],
    ['not in arm64', affinity([[ARCH, 'NotIn', ['arm64']]]), true],
    ['one of two terms', affinity([[ARCH, 'In', ['arm64']]], [['zone', 'In', ['a']]]), true],
    ['none of two terms', affinity([[ARCH, 'In', ['arm64']]], [[ARCH, 'In', ['s390x']]]), false],
    [
      'two expressions',
      affinity([
        [ARCH, 'In', ['amd64']],
        [ARCH, 'NotIn', ['amd64']],
      ]),
      false,
    ],
    ['no such label', affinity([[ARCH, 'DoesNotExist', []]]), false],
    ['any such label', affinity([[ARCH, 'Exists', []]]), true],
    ['Windows by affinity', affinity([[OS, 'In', ['windows']]]), false],
    ['both systems by affinity', affinity([[OS, 'In', ['windows', 'linux']]]), true],
    ['not Windows', affinity([[OS, 'NotIn', ['windows']]]), true],
    ['spec.os windows', { os: { name: 'windows' } }, false],
  ])('%s', (_, spec, fits) => {
    const known = catalogueOf(agent('a', { constraints: { os: ['linux'], arch: ['amd64'] } }));
    expect(agents(pod(undefined, {}, spec), known)).toEqual({ web: fits ? 'a' : '' });
  });

  it('a pod that says nothing is no Windows pod', () => {
    const known = catalogueOf(agent('a', { constraints: { os: ['windows'] } }));
    expect(reasonsOf(pod(), known)).toEqual([{ code: 'os-unsupported', os: 'linux', profile: 'a' }]);
    expect(agents(pod(undefined, {}, affinity([[OS, 'In', ['windows']]])), known)).toEqual({ web: 'a' });
  });

  const musl = { code: 'libc-unsupported', libc: 'musl', profile: 'a', source: undefined } as const;
  const libcOnPod = { from: 'pod', key: 'agent-injector.io/libc' } as const;

  it.each<[string, Record<string, string>, string[], Partial<Reason> | undefined, string]>([
    ['r/web:1', {}, ['glibc'], undefined, 'linux'],
    ['r/web:1-alpine', {}, ['glibc'], musl, ''],
    ['r/web:1-alpine', { libc: 'glibc' }, ['glibc'], undefined, 'linux'],
    ['r/web:1', { libc: 'musl' }, ['glibc'], { ...musl, source: libcOnPod }, ''],
    ['r/web:1', { 'libc.agent-injector.io/web': 'musl' }, ['glibc', 'musl'], undefined, 'linux-musl'],
    ['r/web:1', {}, ['musl', 'glibc'], undefined, 'linux-musl'],
    [
      'r/web:1',
      { libc: 'uclibc' },
      ['glibc'],
      { code: 'invalid-value', setting: 'libc', value: 'uclibc', source: libcOnPod },
      '',
    ],
  ])('libc: %s %j %j', (image, annotations, libc, reason, folder) => {
    const environment = [{ name: 'AGENT_a', value: '/x/${native}', group: 'g' }];
    const variants = [{ name: 'native', by: 'libc', values: { glibc: 'linux', musl: 'linux-musl' } }];
    const known = catalogueOf(agent('a', { environment, variants, constraints: { os: ['linux'], libc } }));
    const admission = admit(pod([container('web', { image })], annotations), plainNamespace(), known);
    expect(reasonOf(admission)).toEqual(reason && expect.objectContaining(reason));
    expect(admission.pod.spec.containers[0]?.env?.[0]?.value).toBe(folder === '' ? undefined : `/x/${folder}`);
  });

  it.each([
    [36, undefined],
    [
      29,
      { code: 'kubernetes-unsupported', profile: 'a', least: { major: 1, minor: 30 }, found: { major: 1, minor: 29 } },
    ],
  ])('Kubernetes 1.%i', (minor, reason) => {
    const known = catalogueOf(agent('a', { constraints: { os: ['linux'], kubernetes: '1.30' } }));
    const cluster = { ...unknownCluster, kubernetes: { major: 1, minor } };
    expect(reasonOf(admit(pod(), plainNamespace(), known, cluster))).toEqual(reason);
  });
});

describe('a parameter for one profile', () => {
  const settings = { profile: 'one,two', version: '3', 'version.two': '4' };

  it.each([
    ['on the namespace', {}, settings, { ONE: '3', TWO: '4' }],
    ['on the pod, over what the namespace says for one', { version: '5' }, settings, { ONE: '5', TWO: '5' }],
    ['for a container', { 'version.two.agent-injector.io/web': '6' }, settings, { ONE: '3', TWO: '6' }],
  ] as const)('%s', (_, annotations, within, expected) => {
    const profile = (name: string) =>
      profileDocument(
        {
          parameters: [{ name: 'version', type: 'version', default: '1', description: 'd' }],
          deliveries: [{ type: 'baked' }],
          environment: [{ name: name.toUpperCase(), value: '${version}' }],
        },
        name,
      );
    const known = catalogueOf(profile('one'), profile('two'));
    const { decision, pod: after } = admit(pod([container('web')], annotations), plainNamespace(within), known);
    const environment = after.spec.containers[0]?.env ?? [];
    expect(Object.fromEntries(environment.map(({ name, value }) => [name, value]))).toEqual(expected);
    expect(decision.notices).toEqual([]);
  });
});
