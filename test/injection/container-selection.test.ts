import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import { type ClusterState, unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import type { Reason, Source } from '../../src/reasons/reason.ts';
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

/** The injected agents by container. A second pass must change nothing. */
function agents(
  given: Pod,
  known = catalogueOf(agent('a')),
  inNamespace = plainNamespace(),
  cluster: ClusterState = unknownCluster,
): Record<string, string> {
  const { decision, pod: after } = admit(given, inNamespace, known, cluster);
  expect(decision.outcome !== 'injected' && decision.reason.code).not.toBe('rule-broken');
  const again = admit(after, inNamespace, known, cluster);
  expect(again.operations).toEqual([]);
  return Object.fromEntries(
    [...after.spec.containers, ...(after.spec.initContainers ?? [])].map(({ name, env }) => [
      name,
      (env ?? []).flatMap((one) => (one.name.startsWith('AGENT_') ? [one.name.slice(6)] : [])).join(),
    ]),
  );
}

/** The reason against an injection, if any, and the notices. */
function reasons(given: Pod, known = catalogueOf(agent('a')), inNamespace = plainNamespace()): readonly Reason[] {
  const admission = admit(given, inNamespace, known);
  return [reasonOf(admission) ?? [], admission.decision.notices].flat();
}

describe('selected containers', () => {
  const app = (name: string, image: string, env: string[] = []) =>
    container(name, { image, env: env.map((one) => ({ name: one, value: 'x' })) });
  const mixed = [
    app('web', 'r/dotnet/aspnet:8', ['ASPNETCORE_URLS']),
    app('worker', 'r/java:17'),
    app('istio-proxy', 'r/proxy'),
  ];
  const initContainers = { initContainers: [container('migrate'), container('tail', { restartPolicy: 'Always' })] };

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
    const result = agents(pod(mixed, containers === undefined ? {} : { containers }, initContainers));
    expect(Object.keys(result).filter((name) => result[name] === 'a')).toEqual(expected);
  });

  const java = agent('java', {
    containers: {
      include: [{ image: '*java*' }, { env: { name: 'JAVA_HOME' } }],
    },
  });
  const dotnet = agent('dotnet', {
    containers: { include: [{ image: '*dotnet*' }], exclude: [{ containerName: '*-job' }] },
  });

  it.each<[string, Pod, Record<string, string>]>([
    ['matched by image', pod(mixed), { web: 'dotnet', worker: 'java', 'istio-proxy': '' }],
    ['matched by variable', pod([app('x', 'r/x', ['JAVA_HOME'])]), { x: 'java' }],
    ['excluded by name', pod([app('web-job', 'r/dotnet:1'), app('w', 'r/java')]), { 'web-job': '', w: 'java' }],
    [
      'named for all profiles, so matchers are not evaluated',
      pod(mixed, { containers: 'web' }),
      { web: 'java,dotnet', worker: '', 'istio-proxy': '' },
    ],
    [
      'named for one profile',
      pod(mixed, { 'containers.java': 'istio-proxy' }),
      { web: 'dotnet', worker: '', 'istio-proxy': 'java' },
    ],
    [
      'named for all profiles and for one',
      pod(mixed, { containers: 'worker', 'containers.dotnet': 'web' }),
      { web: 'dotnet', worker: 'java', 'istio-proxy': '' },
    ],
    [
      'with a profile of its own',
      pod(mixed, { 'profile.agent-injector.io/worker': 'dotnet' }),
      { web: 'dotnet', worker: '', 'istio-proxy': '' },
    ],
    [
      'with no profile',
      pod(mixed, { 'profile.agent-injector.io/web': 'none' }),
      { web: '', worker: 'java', 'istio-proxy': '' },
    ],
  ])('two profiles: containers %s', (_, given, expected) => {
    expect(agents(given, catalogueOf(java, dotnet))).toEqual(expected);
  });

  it('the reason names what a setting names and the pod does not have', () => {
    const { decision } = admit(pod([app('web', 'r/x')], { containers: 'wbe' }), plainNamespace(), catalogueOf(java));
    expect(decision).toMatchObject({
      reason: { code: 'no-target-container', unmatched: { pattern: 'wbe', suggestion: 'web' } },
    });
  });

  it('a profile that applies to no container is reported', () => {
    expect(reasons(pod([app('x', 'r/x')]), catalogueOf(java))).toEqual([
      { code: 'no-target-container', profile: 'java' },
    ]);
  });
});

describe('a slot', () => {
  const slots = { slots: ['jvm-agent'] };

  it('goes to the first profile, also on a second pass', () => {
    const known = catalogueOf(agent('a', slots), agent('b', slots), agent('c'));
    const { decision, pod: after } = admit(pod(), plainNamespace(), known);
    expect(agents(pod(), known)).toEqual({ web: 'a,c' });
    const skipped = decision.containers.flatMap((one) => (one.outcome === 'skipped' ? [one.reason] : []));
    expect(skipped).toEqual([{ code: 'slot-taken', slot: 'jvm-agent', profile: 'b', by: 'a' }]);
    const again = admit(after, plainNamespace(), known).decision;
    expect(again.containers.map((one) => one.outcome === 'skipped' && one.reason.code)).toEqual([
      'already-instrumented',
      'slot-taken',
      'already-instrumented',
    ]);
  });

  it('is free in another container', () => {
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

  it.each<[string, object, Record<string, string>, string]>([
    [
      'an annotation',
      {},
      { 'exclude-owners': 'DaemonSet, Job' },
      'namespace annotation agent-injector.io/exclude-owners',
    ],
    ['the profile', { constraints: { os: ['linux'], excludeOwners: ['Job'] } }, {}, 'profile a'],
  ])('kinds of owners can be excluded by %s', (_, spec, annotations, by) => {
    const known = catalogueOf(agent('a', spec));
    expect(reasons(owned('Job'), known, plainNamespace(annotations))).toEqual([
      { code: 'owner-excluded', kind: 'Job', by },
    ]);
    expect(agents(owned('ReplicaSet'), known, plainNamespace(annotations))).toEqual({ web: 'a' });
  });

  it.each([
    [['shop'], true],
    [['sh*', 'x'], true],
    [['other'], false],
  ])('a profile for namespaces %j', (namespaces, allowed) => {
    const known = catalogueOf(agent('a', { namespaces }));
    expect(agents(pod(), known)).toEqual({ web: allowed ? 'a' : '' });
    const refused: Reason = { code: 'profile-not-allowed', profile: 'a', namespace: 'shop', by: 'namespaces' };
    expect(reasons(pod(), known)).toEqual(allowed ? [] : [refused]);
  });

  it.each<[string[], string, number]>([
    [['cluster'], 'cluster', 3],
    [['cluster', 'namespace'], 'namespace', 2],
    [['pod'], 'pod', 1],
    [['container'], 'container', 0],
    [['namespace', 'container'], 'container', 0],
  ])('a parameter that %j may set', (settableBy, expected, ignored) => {
    const parameters = [{ name: 'who', type: 'string', settableBy, description: 'd' }];
    const environment = [
      { name: 'WHO', value: '${who}', when: { parameter: { name: 'who' } } },
      { name: 'AGENT_a', value: '1', group: 'g' },
    ];
    const known = catalogueFrom({
      profiles: [agent('a', { parameters, environment })],
      defaults: { profile: 'a', who: 'cluster' },
    });
    const given = pod(undefined, { who: 'pod', 'who.agent-injector.io/web': 'container' });
    const { decision, pod: after } = admit(given, plainNamespace({ who: 'namespace' }), known);
    expect(after.spec.containers[0]?.env?.find(({ name }) => name === 'WHO')?.value).toBe(expected);
    expect(decision.notices.filter(({ code }) => code === 'parameter-locked')).toHaveLength(ignored);
  });

  it('an ignored parameter is reported even if the agent is not injected', () => {
    const parameters = [{ name: 'who', type: 'string', settableBy: ['cluster'], required: true, description: 'd' }];
    expect(reasons(pod(undefined, { who: 'x' }), catalogueOf(agent('a', { parameters })))).toEqual([
      { code: 'missing-parameter', parameter: 'who', profile: 'a' },
      {
        code: 'parameter-locked',
        parameter: 'who',
        source: { from: 'pod', key: 'agent-injector.io/who' },
        settableBy: ['cluster'],
        narrowedBy: [],
      },
    ]);
  });

  it('an invalid name in ownerReferences never becomes a path', () => {
    const deliveries = [{ hostPath: { path: '/opt/${pod.workload}' } }];
    const plain = plainNamespace();
    const privileged = { ...plain, labels: { ...plain.labels, 'pod-security.kubernetes.io/enforce': 'privileged' } };
    const path = (given: Pod) =>
      admit(given, privileged, catalogueOf(agent('a', { deliveries }))).pod.spec.volumes?.[0]?.['hostPath'];
    expect(path(owned('StatefulSet', { name: '../../etc' }))).toMatchObject({ path: '/opt/web' });
    expect(path(owned('StatefulSet', { name: 'db' }))).toMatchObject({ path: '/opt/db' });
    expect(path(owned('Job', { name: 'backup-29384756' }))).toMatchObject({ path: '/opt/backup' });
  });

  it('equal notices of many containers are one notice', () => {
    const parameters = [{ name: 'who', type: 'string', settableBy: ['cluster'], description: 'd' }];
    const many = Array.from({ length: 300 }, (_, index) => container(`c${index}`));
    const { decision } = admit(pod(many, { who: 'x' }), plainNamespace(), catalogueOf(agent('a', { parameters })));
    expect(decision.notices).toHaveLength(1);
  });
});

describe('the nodes of the pod', () => {
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
    ['any node', {}, true],
    ['selector amd64', { nodeSelector: { [ARCH]: 'amd64' } }, true],
    ['selector arm64', { nodeSelector: { [ARCH]: 'arm64' } }, false],
    ['affinity to both architectures', affinity([[ARCH, 'In', ['arm64', 'amd64']]]), true],
    ['affinity to arm64', affinity([[ARCH, 'In', ['arm64']]]), false],
    ['affinity to any but amd64', affinity([[ARCH, 'NotIn', ['amd64']]]), false],
    ['affinity to any but arm64', affinity([[ARCH, 'NotIn', ['arm64']]]), true],
    ['one of two terms allows amd64', affinity([[ARCH, 'In', ['arm64']]], [['zone', 'In', ['a']]]), true],
    ['neither of two terms allows amd64', affinity([[ARCH, 'In', ['arm64']]], [[ARCH, 'In', ['s390x']]]), false],
    [
      'two contradictory expressions',
      affinity([
        [ARCH, 'In', ['amd64']],
        [ARCH, 'NotIn', ['amd64']],
      ]),
      false,
    ],
    ['affinity to nodes without the label', affinity([[ARCH, 'DoesNotExist', []]]), false],
    ['affinity to nodes with the label', affinity([[ARCH, 'Exists', []]]), true],
    ['affinity to Windows', affinity([[OS, 'In', ['windows']]]), false],
    ['affinity to both operating systems', affinity([[OS, 'In', ['windows', 'linux']]]), true],
    ['affinity to any but Windows', affinity([[OS, 'NotIn', ['windows']]]), true],
    ['spec.os windows', { os: { name: 'windows' } }, false],
  ])('%s', (_, spec, fits) => {
    const known = catalogueOf(agent('a', { constraints: { os: ['linux'], arch: ['amd64'] } }));
    expect(agents(pod(undefined, {}, spec), known)).toEqual({ web: fits ? 'a' : '' });
  });

  it('a pod without an operating system is not a Windows pod', () => {
    const known = catalogueOf(agent('a', { constraints: { os: ['windows'] } }));
    expect(reasons(pod(), known)).toEqual([{ code: 'os-unsupported', os: 'linux', profile: 'a' }]);
    expect(agents(pod(undefined, {}, affinity([[OS, 'In', ['windows']]])), known)).toEqual({ web: 'a' });
  });

  const libcSetting: Source = { from: 'pod', key: 'agent-injector.io/libc' };
  const unsupported = (source: Source | undefined): Reason => ({
    code: 'libc-unsupported',
    libc: 'musl',
    profile: 'a',
    source,
  });
  it.each<[string, Record<string, string>, string[], string | Reason]>([
    ['r/web:1', {}, ['glibc'], 'linux'],
    ['r/web:1-alpine', {}, ['glibc'], unsupported(undefined)],
    ['r/web:1-alpine', { libc: 'glibc' }, ['glibc'], 'linux'],
    ['r/web:1', { libc: 'musl' }, ['glibc'], unsupported(libcSetting)],
    ['r/web:1', { 'libc.agent-injector.io/web': 'musl' }, ['glibc', 'musl'], 'linux-musl'],
    ['r/web:1', {}, ['musl', 'glibc'], 'linux-musl'],
    [
      'r/web:1',
      { libc: 'uclibc' },
      ['glibc'],
      {
        code: 'invalid-value',
        setting: 'libc',
        value: 'uclibc',
        source: libcSetting,
        expected: expect.any(String) as string,
      },
    ],
  ])('libc of %s with %j for a profile with %j', (image, annotations, libc, expected) => {
    const environment = [{ name: 'AGENT_a', value: '/x/${native}', group: 'g' }];
    const variants = [{ name: 'native', from: 'libc', values: { glibc: 'linux', musl: 'linux-musl' } }];
    const known = catalogueOf(agent('a', { environment, variants, constraints: { os: ['linux'], libc } }));
    const given = pod([container('web', { image })], annotations);
    const isInjected = typeof expected === 'string';
    expect(reasons(given, known)).toEqual(isInjected ? [] : [expected]);
    const [web] = admit(given, plainNamespace(), known).pod.spec.containers;
    expect(web?.env?.[0]?.value).toBe(isInjected ? `/x/${expected}` : undefined);
  });

  it.each([36, 29])('Kubernetes 1.%i for a profile that requires 1.30', (minor) => {
    const known = catalogueOf(agent('a', { constraints: { os: ['linux'], kubernetes: '1.30' } }));
    const found = { major: 1, minor };
    const { decision } = admit(pod(), plainNamespace(), known, { ...unknownCluster, kubernetes: found });
    expect(decision.outcome === 'injected' ? undefined : decision.reason).toEqual(
      minor < 30
        ? { code: 'kubernetes-unsupported', profile: 'a', minimum: { major: 1, minor: 30 }, actual: found }
        : undefined,
    );
  });
});

describe('a parameter for one profile', () => {
  const settings = { profile: 'one,two', version: '3', 'version.two': '4' };

  it.each([
    ['on the namespace', {}, settings, { ONE: '3', TWO: '4' }],
    [
      'on the pod, which overrides one on the namespace for one profile',
      { version: '5' },
      settings,
      { ONE: '5', TWO: '5' },
    ],
    ['for a container', { 'version.two.agent-injector.io/web': '6' }, settings, { ONE: '3', TWO: '6' }],
  ] as const)('%s', (_, annotations, settingsOnNamespace, expected) => {
    const profile = (name: string) =>
      profileDocument(
        {
          parameters: [{ name: 'version', type: 'version', default: '1', description: 'd' }],
          deliveries: [{ preinstalled: {} }],
          environment: [{ name: name.toUpperCase(), value: '${version}' }],
        },
        name,
      );
    const known = catalogueOf(profile('one'), profile('two'));
    const { decision, pod: after } = admit(
      pod([container('web')], annotations),
      plainNamespace(settingsOnNamespace),
      known,
    );
    const environment = after.spec.containers[0]?.env ?? [];
    expect(Object.fromEntries(environment.map(({ name, value }) => [name, value]))).toEqual(expected);
    expect(decision.notices).toEqual([]);
  });
});
