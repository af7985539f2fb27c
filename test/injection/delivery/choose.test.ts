import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Admission, admit } from '../../../src/admission/admit.ts';
import { explain } from '../../../src/diagnostics/explanation.ts';
import { type Catalogue, withDefaults, withTenancy } from '../../../src/profiles/catalogue.ts';
import { STRICT } from '../../../src/profiles/tenancy/policy.ts';
import { problemsOfDefaults } from '../../../src/settings/validate-defaults.ts';
import { type ClusterState, unknownCluster } from '../../../src/kubernetes/cluster-state.ts';
import type { PodSecurityLevel } from '../../../src/kubernetes/pod-security.ts';
import type { Container, Pod } from '../../../src/kubernetes/pod.ts';
import type { UnmetRequirement } from '../../../src/reasons/reason.ts';
import {
  catalogueOf,
  container,
  namespace,
  plainNamespace,
  pod,
  profileDocument,
  reasonOf,
  opened,
} from '../../support/fixtures.ts';

const at = (minor: number): ClusterState => ({
  ...unknownCluster,
  kubernetes: { major: 1, minor },
  podSecurityDefault: 'privileged',
});
const environment = [{ name: 'AGENT', value: '/agent/a.so', group: 'g' }];
const delivered = (deliveries: object | readonly object[], rest: object = {}): Catalogue =>
  catalogueOf(profileDocument({ environment, deliveries: [deliveries].flat(), ...rest }));
const copy = { image: 'registry.example.com/agent:1', command: ['cp', '-r', '/a/.', '/agent'] };
const copies = { initContainer: copy };
const copied = (fields: object): object => ({ initContainer: { ...copy, ...fields } });

function inject(known: Catalogue, given: Pod, cluster = at(36), inNamespace = namespace()): Admission {
  const admission = admit(given, inNamespace, known, cluster);
  const { decision } = admission;
  expect(decision.outcome === 'injected' ? '' : decision.reason.code).not.toBe('rule-broken');
  expect(admit(admission.pod, inNamespace, known, cluster).operations).toEqual([]);
  return admission;
}
const inits = ({ pod: { spec } }: Admission): readonly Container[] => spec.initContainers ?? [];
const names = (list: readonly { readonly name: string }[] | null | undefined) => (list ?? []).map(({ name }) => name);
const mountsOf = ({ pod: { spec } }: Admission, index = 0) => spec.containers[index]?.volumeMounts;

describe('a delivery', () => {
  const version = { parameters: [{ name: 'agent-version', type: 'version', description: 'd' }] };
  it.each<[object, object, object]>([
    [{ persistentVolumeClaim: { claimName: 'c' } }, { persistentVolumeClaim: { claimName: 'c' } }, {}],
    [
      { persistentVolumeClaim: { claimName: 'c', readOnly: true } },
      { persistentVolumeClaim: { claimName: 'c' } },
      { readOnly: true },
    ],
    [
      { image: { reference: 'r/a:1' } },
      { image: { reference: 'r/a:1', pullPolicy: 'IfNotPresent' } },
      { readOnly: true },
    ],
    [{ hostPath: { path: '/opt/a' } }, { hostPath: { path: '/opt/a', type: 'DirectoryOrCreate' } }, { readOnly: true }],
    [
      { csi: { driver: 'd', volumeAttributes: { k: 'v' } } },
      { csi: { driver: 'd', readOnly: true, volumeAttributes: { k: 'v' } } },
      { readOnly: true },
    ],
    [copies, { emptyDir: { sizeLimit: '300Mi' } }, {}],
    [
      { ephemeral: { ...copy, storageClassName: 'fast' } },
      {
        ephemeral: {
          volumeClaimTemplate: {
            spec: {
              accessModes: ['ReadWriteOnce'],
              storageClassName: 'fast',
              resources: { requests: { storage: '1Gi' } },
            },
          },
        },
      },
      {},
    ],
  ])('%j', (delivery, volume, rest) => {
    const admission = inject(delivered(delivery), pod(undefined, {}, { securityContext: { fsGroup: 2000 } }));
    expect(admission.pod.spec.volumes).toEqual([{ name: 'agent', ...volume }]);
    expect(mountsOf(admission)).toEqual([{ name: 'agent', mountPath: '/agent', ...rest }]);
  });

  it.each([
    [undefined, undefined],
    ['5.6.5', 'versions/5.6.5/lib'],
  ])('of a part of the files, with version %s', (requested, subPath) => {
    const delivery = { persistentVolumeClaim: { claimName: 'c', subPath: 'versions/${agent-version}' } };
    const known = delivered(delivery, { ...version, mounts: [{ path: '/agent', subPath: 'lib' }] });
    const admission = inject(known, pod(undefined, requested === undefined ? {} : { 'agent-version': requested }));
    expect(mountsOf(admission)).toEqual([{ name: 'agent', mountPath: '/agent', subPath: subPath ?? 'lib' }]);
  });

  it('with a path as a part of the files has no absolute subPath, which the API server would refuse', () => {
    const parameters = [{ name: 'part', type: 'path', default: '/x//y/', description: 'd' }];
    const known = delivered({ persistentVolumeClaim: { claimName: 'c', subPath: '${part}' } }, { parameters });
    expect(mountsOf(inject(known, pod()))).toEqual([{ name: 'agent', mountPath: '/agent', subPath: 'x/y' }]);
  });

  it.each([
    [{ mounts: [{ path: '/agent/' }] }, 'mounts[0].path'],
    [{ mounts: [{ path: '/' }] }, 'mounts[0].path'],
    [{ mounts: [{ path: '/a/../b' }] }, 'mounts[0].path'],
    [{ mounts: [{ path: '/a', subPath: '../b' }] }, 'mounts[0].subPath'],
    [{ writablePaths: [{ path: '/w', sizeLimit: '0' }] }, 'writablePaths[0].sizeLimit'],
    [{ deliveries: [copied({ copyTo: '/agent/' })] }, 'deliveries[0].initContainer.copyTo'],
    [
      {
        deliveries: [{ persistentVolumeClaim: { claimName: '${n}' } }],
        parameters: [{ name: 'n', type: 'string', description: 'd' }],
      },
      'deliveries[0].persistentVolumeClaim.claimName',
    ],
    [
      {
        deliveries: [{ hostPath: { path: '/x/${n}' } }],
        parameters: [{ name: 'n', type: 'word', description: 'd' }],
      },
      'deliveries[0].hostPath.path',
    ],
  ])('of %j is invalid in a profile', (spec, path) => {
    expect(() => catalogueOf(profileDocument(spec))).toThrow(`agent.spec.${path}:`);
  });

  it('with nested mounts, writable directories and files is recognized on a second pass', () => {
    const spec = {
      mounts: [{ path: '/agent' }, { path: '/agent/ext', subPath: 'ext' }],
      writablePaths: [{ path: '/agent/logs' }, { path: '/agent-logs' }, { path: `/${'long/'.repeat(20)}x` }],
      files: [{ path: '/agent/a.conf', content: 'x' }],
      environment: [{ name: 'A', value: 'a' }],
    };
    const admission = inject(catalogueOf(profileDocument(spec)), pod([container('web'), container('worker')]));
    expect(admission.decision.outcome).toBe('injected');
    const volumes = names(admission.pod.spec.volumes);
    expect(new Set(volumes).size).toBe(5);
    expect(volumes.every((name) => /^[a-z0-9-]{1,63}$/.test(name) && !name.endsWith('-'))).toBe(true);
    expect(
      mountsOf(admission, 1)
        ?.filter(({ mountPath }) => mountPath.includes('log'))
        .map(({ subPath }) => subPath),
    ).toEqual(['worker', 'worker']);
  });

  it('has writable directories only where they are needed', () => {
    const writablePaths = [
      { path: '/logs', when: { readOnlyRootFilesystem: true } },
      { path: '/agent/logs', when: { readOnlyFiles: true } },
    ];
    const paths = (delivery: object, securityContext: object) =>
      mountsOf(inject(delivered(delivery, { writablePaths }), pod([container('web', { securityContext })])))?.map(
        ({ mountPath }) => mountPath,
      );
    const claim = { persistentVolumeClaim: { claimName: 'c' } };
    const readOnly = { persistentVolumeClaim: { claimName: 'c', readOnly: true } };
    expect(paths(claim, {})).toEqual(['/agent']);
    expect(paths(claim, { readOnlyRootFilesystem: true })).toEqual(['/agent', '/logs']);
    expect(paths(readOnly, {})).toEqual(['/agent', '/agent/logs']);
  });
});

describe('existing volumes and init containers', () => {
  it.each<[object, object, readonly string[]]>([
    [
      { persistentVolumeClaim: { claimName: 'c' } },
      { persistentVolumeClaim: { claimName: 'c', readOnly: false } },
      ['existing'],
    ],
    [
      { persistentVolumeClaim: { claimName: 'c' } },
      { persistentVolumeClaim: { claimName: 'c', readOnly: true } },
      ['existing', 'agent'],
    ],
    [{ image: { reference: 'r/a:1' } }, { image: { reference: 'r/a:1', pullPolicy: 'IfNotPresent' } }, ['existing']],
    [
      { image: { reference: 'r/a:1' } },
      { image: { reference: 'r/a:2', pullPolicy: 'IfNotPresent' } },
      ['existing', 'agent'],
    ],
    [{ hostPath: { path: '/a' } }, { hostPath: { path: '/a', type: 'Directory' } }, ['existing', 'agent']],
    [copies, { emptyDir: { sizeLimit: '300Mi' } }, ['existing', 'agent']],
  ])('%j in a pod with %j', (delivery, existing, volumes) => {
    const admission = inject(delivered(delivery), pod(undefined, {}, { volumes: [{ name: 'existing', ...existing }] }));
    expect(names(admission.pod.spec.volumes)).toEqual(volumes);
  });

  it('keep their names: new ones get a number', () => {
    const given = pod([container('agent-agent')], {}, { volumes: [{ name: 'agent', emptyDir: {} }] });
    const admission = inject(delivered(copies), given);
    expect(names(admission.pod.spec.volumes)).toEqual(['agent', 'agent-2']);
    expect(names(inits(admission))).toEqual(['agent-agent-2']);
  });

  it('are shared by containers, but not by profiles', () => {
    const two = catalogueOf(
      profileDocument({ environment, deliveries: [copies] }, 'one'),
      profileDocument(
        {
          environment: [{ name: 'B', value: 'b', group: 'g' }],
          deliveries: [copied({ image: 'r/other:1' })],
          mounts: [{ path: '/other' }],
        },
        'two',
      ),
    );
    const admission = inject(two, pod([container('web'), container('worker')]));
    expect(names(admission.pod.spec.volumes)).toEqual(['one', 'two']);
    expect(names(inits(admission))).toEqual(['two-agent', 'one-agent']);
    expect(mountsOf(admission, 1)?.map(({ name, mountPath }) => [name, mountPath])).toEqual([
      ['one', '/agent'],
      ['two', '/other'],
    ]);
  });

  it.each([
    ['its image unchanged', 'registry.example.com/agent:1'],
    ['the image from a mirror', 'mirror.example.com/deep/agent:1'],
    ['the image as a digest', `mirror.example.com/agent@sha256:${'a'.repeat(64)}`],
    ['the image as tag and digest', `registry.example.com/agent:1@sha256:${'a'.repeat(64)}`],
  ])('serve a container added later, with %s and normalized quantities', (_, image) => {
    const known = delivered(copied({ sizeLimit: '1024Mi' }), {
      writablePaths: [{ path: '/logs', sizeLimit: '1024Mi' }],
    });
    const first = inject(known, pod()).pod;
    const canonical = (volume: object) =>
      JSON.parse(JSON.stringify(volume).replaceAll('1024Mi', '1Gi')) as { name: string };
    const received: Pod = {
      ...first,
      spec: {
        ...first.spec,
        volumes: (first.spec.volumes ?? []).map(canonical),
        initContainers: (first.spec.initContainers ?? []).map((one) => ({ ...one, image })),
        containers: [...first.spec.containers, container('late')],
      },
    };
    const admission = inject(known, received);
    expect(admission.decision.outcome).toBe('injected');
    expect(names(admission.pod.spec.volumes)).toEqual(['agent', 'agent-logs']);
    expect(inits(admission)).toHaveLength(1);
    expect(mountsOf(admission, 1)?.map(({ name }) => name)).toEqual(['agent', 'agent-logs']);
  });

  it('are not shared by two versions of an agent', () => {
    const parameters = [{ name: 'v', type: 'version', default: '1', description: 'd' }];
    const known = opened(delivered(copied({ image: 'r/agent:${v}' }), { parameters }));
    const admission = inject(
      known,
      pod([container('web'), container('worker')], { 'v.agent-injector.io/worker': '2' }),
    );
    expect(names(admission.pod.spec.volumes)).toEqual(['agent', 'agent-2']);
    expect(inits(admission).map(({ image }) => image)).toEqual(['r/agent:2', 'r/agent:1']);
  });
});

describe('the init container', () => {
  const made = (given: Pod, delivery: object = copies): Container => {
    const added = inits(inject(delivered(delivery), given)).find(({ name }) => name.startsWith('agent-agent'));
    if (!added) throw new Error('no init container');
    return added;
  };

  it.each([
    ['the default', {}, {}, { runAsUser: 65_532 }],
    [
      'the target',
      { runAsUser: 1000, runAsGroup: 2000 },
      { runAsUser: 1, runAsGroup: 2 },
      { runAsUser: 1000, runAsGroup: 2000 },
    ],
    ['the pod', {}, { runAsUser: 1000, runAsGroup: 2000, fsGroup: 3 }, { runAsUser: 1000, runAsGroup: 2000 }],
    ['the default instead of root', { runAsUser: 0, runAsGroup: 0 }, {}, { runAsUser: 65_532 }],
    ['the pod instead of root', { runAsUser: 0 }, { runAsUser: 7 }, { runAsUser: 7 }],
    [
      'the default for a privileged target',
      { privileged: true, capabilities: { add: ['ALL'] } },
      {},
      { runAsUser: 65_532 },
    ],
  ])('is restricted, with the user of %s', (_, own, common, user) => {
    expect(
      made(pod([container('web', { securityContext: own })], {}, { securityContext: common }))['securityContext'],
    ).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
      ...user,
    });
  });

  it.each([
    ['restricted-v2', { runAsUser: 1_000_680_000 }, { runAsUser: 1_000_680_000 }],
    ['anyuid', {}, { runAsUser: 65_532 }],
  ])('of a pod with the SCC %s of OpenShift leaves the seccomp profile to the pod', (scc, target, expected) => {
    const given = pod([container('web', { securityContext: target })], { 'openshift.io/scc': scc });
    const [added] = inits(inject(delivered(copies), given));
    expect(added?.['securityContext']).toMatchObject(expected);
    expect(added?.['securityContext']).not.toHaveProperty('seccompProfile');
  });

  it.each([
    ['a profile says so', { securityContext: { omit: ['runAsUser', 'seccompProfile'] } }, at(36), {}, []],
    ['the cluster is OpenShift', {}, { ...at(36), openShift: true }, {}, []],
    [
      'a profile says so, except a user that the pod has',
      { securityContext: { omit: ['runAsUser'] } },
      at(36),
      { runAsUser: 7 },
      ['runAsUser', 'seccompProfile'],
    ],
  ])('leaves user and seccomp profile to the cluster if %s', (_, fields, cluster, own, kept) => {
    const known = delivered(copied(fields));
    const [added] = inits(inject(known, pod([container('web', { securityContext: own })]), cluster));
    const context = added?.['securityContext'];
    expect(context).toMatchObject({ runAsNonRoot: true, allowPrivilegeEscalation: false });
    expect(['runAsUser', 'seccompProfile'].filter((field) => Object.hasOwn(context as object, field))).toEqual(kept);
  });

  it('of a Windows pod has no field that the API server refuses there', () => {
    const known = delivered(copies, { constraints: { os: ['windows'] } });
    const [added] = inits(inject(known, pod(undefined, {}, { os: { name: 'windows' } })));
    expect(added?.['securityContext']).toEqual({
      runAsNonRoot: true,
      windowsOptions: { runAsUserName: 'ContainerUser' },
    });
  });

  it('of a pod that selects Windows nodes has the user of Windows, and what Pod Security demands without spec.os', () => {
    const known = delivered(copies, { constraints: { os: ['windows'] } });
    const given = pod(undefined, {}, { nodeSelector: { 'kubernetes.io/os': 'windows' } });
    const [added] = inits(inject(known, given));
    expect(added?.['securityContext']).toMatchObject({
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      windowsOptions: { runAsUserName: 'ContainerUser' },
    });
  });

  const existing = {
    initContainers: [container('one'), container('tail', { restartPolicy: 'Always' }), container('two')],
  };
  it.each<[object, Record<string, string>, readonly string[]]>([
    [{}, {}, ['agent-agent', 'one', 'tail', 'two']],
    [{ position: 'last' }, {}, ['one', 'tail', 'two', 'agent-agent']],
    [{ position: { before: 'two' } }, {}, ['one', 'tail', 'agent-agent', 'two']],
    [{ position: { before: 'absent' } }, {}, ['agent-agent', 'one', 'tail', 'two']],
    [{}, { 'init-position': 'last' }, ['one', 'tail', 'two', 'agent-agent']],
    [{ position: 'last' }, { 'init-position': 'before tail' }, ['one', 'agent-agent', 'tail', 'two']],
    [{ position: 'last' }, { containers: 'web,two' }, ['one', 'tail', 'agent-agent', 'two']],
    [{ position: 'last' }, { containers: 'web,tail,two' }, ['one', 'agent-agent', 'tail', 'two']],
    [{ position: 'last' }, { containers: 'two,one' }, ['agent-agent', 'one', 'tail', 'two']],
  ])('is at the requested position: %j, %j', (delivery, annotations, order) => {
    expect(names(inits(inject(delivered(copied(delivery)), pod(undefined, annotations, existing))))).toEqual(order);
  });

  it('is created again for a target that another webhook has inserted before it', () => {
    const known = delivered(copied({ position: 'last' }));
    const first = inject(known, pod(undefined, { containers: 'web,late' }, existing)).pod;
    const extended = {
      ...first,
      spec: { ...first.spec, initContainers: [container('late'), ...(first.spec.initContainers ?? [])] },
    } as Pod;
    const admission = inject(known, extended);
    expect(names(inits(admission))).toEqual(['agent-agent-2', 'late', 'one', 'tail', 'two', 'agent-agent']);
    expect(inits(admission)[1]?.volumeMounts).toEqual([{ name: 'agent-2', mountPath: '/agent' }]);
  });

  it.each([['middle'], ['before'], ['before A b'], ['']])('has no position "%s": not injected', (text) => {
    const reason = reasonOf(inject(delivered(copies), pod(undefined, { 'init-position': text })));
    expect(reason?.code).toBe('invalid-value');
  });

  it('adds its pull secret, and its volumes to those safe to evict, to the existing ones', () => {
    const annotation = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes';
    const known = delivered(copied({ pullSecret: 'pull' }), { writablePaths: [{ path: '/logs' }] });
    const fresh = inject(known, pod());
    expect(fresh.pod.spec['imagePullSecrets']).toEqual([{ name: 'pull' }]);
    expect(fresh.pod.metadata?.annotations?.[annotation]).toBe('agent,agent-logs');
    const merged = inject(
      known,
      pod(undefined, { [annotation]: 'data, agent' }, { imagePullSecrets: [{ name: 'mine' }, { name: 'pull' }] }),
    );
    expect(merged.pod.spec['imagePullSecrets']).toEqual([{ name: 'mine' }, { name: 'pull' }]);
    expect(merged.pod.metadata?.annotations?.[annotation]).toBe('data, agent,agent-logs');
    const none = inject(known, pod(undefined, {}, { imagePullSecrets: null }));
    expect(none.pod.spec['imagePullSecrets']).toEqual([{ name: 'pull' }]);
  });

  it('does not declare an existing volume safe to evict', () => {
    const own = container('mine', {
      image: copy.image,
      command: copy.command,
      volumeMounts: [{ name: 'data', mountPath: '/agent' }],
    });
    const given = pod(undefined, {}, { initContainers: [own], volumes: [{ name: 'data', emptyDir: {} }] });
    const admission = inject(delivered(copies), given);
    expect(mountsOf(admission)).toEqual([{ name: 'data', mountPath: '/agent' }]);
    expect(Object.keys(admission.pod.metadata?.annotations ?? {})).toEqual(['agent-injector.io/status']);
  });
});

describe('the chosen delivery', () => {
  const all = delivered(
    [
      { image: { reference: 'r/a:1' } },
      { hostPath: { path: '/a' } },
      { persistentVolumeClaim: { claimName: '${claim}' } },
      { ...copies, os: ['linux'] },
    ],
    { parameters: [{ name: 'claim', type: 'objectName', description: 'd' }] },
  );
  const level = (value: string) => ({
    ...namespace(),
    labels: { ...namespace().labels, 'pod-security.kubernetes.io/enforce': value },
  });

  const unmet = (found: number | undefined): UnmetRequirement => ({
    why: 'kubernetes',
    minimum: { major: 1, minor: 35 },
    actual: found === undefined ? undefined : { major: 1, minor: found },
  });
  const forbidden = (
    podSecurity: PodSecurityLevel,
    from: 'label' | 'cluster' | 'assumed' = 'label',
  ): UnmetRequirement => ({ why: 'pod-security', level: podSecurity, from });
  const unlabelled = (podSecurityDefault?: PodSecurityLevel): ClusterState => ({
    ...unknownCluster,
    kubernetes: { major: 1, minor: 36 },
    ...(podSecurityDefault && { podSecurityDefault }),
  });

  const withNodes = (mountImages: boolean): ClusterState => ({
    ...at(36),
    nodes: () => ({ mountImages, single: false }),
  });
  const images = (nodes: 'off' | 'unknown' | 'unable'): Readonly<Record<string, UnmetRequirement>> => ({
    image: { why: 'image-volumes', nodes },
  });

  it.each<
    [
      string,
      ClusterState,
      ReturnType<typeof namespace>,
      Record<string, string>,
      string,
      Readonly<Record<string, UnmetRequirement>>,
    ]
  >([
    ['a new server, and nodes that can mount images', at(35), namespace({ 'image-volumes': 'on' }), {}, 'image', {}],
    ['a new server, and nodes that are not known', at(35), namespace(), {}, 'hostPath', images('unknown')],
    ['nodes of which one is old', withNodes(false), namespace(), {}, 'hostPath', images('unable')],
    ['nodes that can all mount images', withNodes(true), namespace(), {}, 'image', {}],
    ['the same, by name', withNodes(true), namespace({ 'image-volumes': 'auto' }), {}, 'image', {}],
    [
      'nodes that can, but the setting is off',
      withNodes(true),
      namespace({ 'image-volumes': 'off' }),
      {},
      'hostPath',
      images('off'),
    ],
    ['an old node, but the setting is on', withNodes(false), namespace({ 'image-volumes': 'on' }), {}, 'image', {}],
    ['an old node, but the delivery is named', withNodes(false), namespace({ delivery: 'image' }), {}, 'image', {}],
    ['an older server', at(34), namespace(), {}, 'hostPath', { image: unmet(34) }],
    ['an unknown server', unknownCluster, level('privileged'), {}, 'hostPath', { image: unmet(undefined) }],
    [
      'baseline',
      at(34),
      level('baseline'),
      { claim: 'c' },
      'persistentVolumeClaim',
      { image: unmet(34), hostPath: forbidden('baseline') },
    ],
    [
      'restricted and no claim',
      at(34),
      level('restricted'),
      { delivery: 'auto' },
      'initContainer',
      {
        image: unmet(34),
        hostPath: forbidden('restricted'),
        persistentVolumeClaim: { why: 'parameter', parameter: 'claim' },
      },
    ],
  ])('is automatic: %s', (_, cluster, inNamespace, annotations, delivery, skipped) => {
    const [one] = inject(all, pod(undefined, annotations), cluster, inNamespace).decision.containers;
    expect(one?.outcome === 'injected' && [one.delivery, one.skippedDeliveries]).toEqual([
      delivery,
      Object.entries(skipped).map(([name, requirement]) => ({ delivery: name, requirement })),
    ]);
  });

  it.each<[string, ClusterState, ReturnType<typeof namespace>, UnmetRequirement]>([
    ['image', at(34), namespace(), unmet(34)],
    ['hostPath', at(36), level('restricted'), forbidden('restricted')],
    ['hostPath', at(36), level('an unknown level'), forbidden('restricted')],
    ['hostPath', unlabelled(), namespace(), forbidden('restricted', 'assumed')],
    ['hostPath', unlabelled('baseline'), namespace(), forbidden('baseline', 'cluster')],
    ['hostPath', unlabelled('restricted'), namespace(), forbidden('restricted', 'cluster')],
    ['persistentVolumeClaim', at(36), namespace(), { why: 'parameter', parameter: 'claim' }],
  ])('is named, but not possible: %s', (delivery, cluster, inNamespace, requirement) => {
    const source = { from: 'pod', key: 'agent-injector.io/delivery' };
    expect(reasonOf(inject(all, pod(undefined, { delivery }), cluster, inNamespace))).toEqual({
      code: 'delivery-not-possible',
      delivery,
      source,
      requirement,
    });
  });

  it.each([
    ['the label', unlabelled('restricted'), level('privileged')],
    ['the default of the cluster', unlabelled('privileged'), namespace()],
  ])('is a directory of the node if %s allows it', (_, cluster, inNamespace) => {
    const { decision } = inject(all, pod(undefined, { delivery: 'hostPath' }), cluster, inNamespace);
    expect(decision.containers).toMatchObject([{ outcome: 'injected', delivery: 'hostPath' }]);
  });

  it.each([
    ['nodes that are not known', at(36), 'injected'],
    ['nodes that can', withNodes(true), 'injected'],
    ['a node that certainly cannot', withNodes(false), 'skipped'],
  ])('by image is the only one: %s', (_, cluster, outcome) => {
    const known = delivered({ image: { reference: 'r/a:1' } });
    expect(inject(known, pod(), cluster).decision.outcome).toBe(outcome);
  });

  it('by image is for Linux nodes', () => {
    const deliveries = [
      { image: { reference: 'r/a:1' } },
      { preinstalled: {} },
      { persistentVolumeClaim: { claimName: 'c' } },
    ];
    const known = delivered(deliveries, { constraints: { os: ['linux', 'windows'] } });
    const [one] = inject(known, pod(undefined, {}, { os: { name: 'windows' } }), withNodes(true)).decision.containers;
    expect(one).toMatchObject({
      delivery: 'persistentVolumeClaim',
      skippedDeliveries: [{ requirement: { nodes: 'unable' } }, {}],
    });
  });

  it('is not tied to the nodes without an image, or if another one comes first', () => {
    const cluster: ClusterState = { ...at(36), nodes: () => expect.unreachable() };
    const image = { image: { reference: 'r/a:1' } };
    for (const known of [delivered(copies), delivered([copies, image])])
      expect(inject(known, pod(), cluster).decision.outcome).toBe('injected');
  });

  it('is named, but unknown', () => {
    expect(reasonOf(inject(all, pod(undefined, { delivery: 'nfs' })))).toEqual({
      code: 'unknown-delivery',
      name: 'nfs',
      source: { from: 'pod', key: 'agent-injector.io/delivery' },
      known: ['image', 'hostPath', 'persistentVolumeClaim', 'initContainer', 'auto'],
    });
  });

  it('is named, and used although the version of the API server is unknown', () => {
    expect(inject(all, pod(undefined, { delivery: 'image' }), unknownCluster).decision.outcome).toBe('injected');
  });

  it.each<[string, object, string]>([
    ['a pod without an operating system', {}, 'linux'],
    ['spec.os', { os: { name: 'windows' } }, 'windows'],
    ['the node selector', { nodeSelector: { 'kubernetes.io/os': 'windows' } }, 'windows'],
  ])('is for the operating system: %s', (_, spec, name) => {
    const claims = ['windows', 'linux'].map((os) => ({ name: os, os: [os], persistentVolumeClaim: { claimName: os } }));
    const both = delivered(claims, { constraints: { os: ['linux', 'windows'] } });
    const [one] = inject(both, pod(undefined, {}, spec)).decision.containers;
    expect(one?.outcome === 'injected' && one.delivery).toBe(name);
  });
});

describe('an excluded type of delivery', () => {
  const profile = delivered([{ name: 'volume', image: { reference: 'r/a:1' } }, copies]);
  const excluding = (text: string) => withDefaults(profile, [['exclude-deliveries', text]]);
  const source = { from: 'cluster', key: 'exclude-deliveries' } as const;
  const ofNamespace = { from: 'namespace', key: 'agent-injector.io/exclude-deliveries' } as const;
  const chosen = ({ decision }: Admission) =>
    decision.containers.map((one) => (one.outcome === 'injected' ? one.delivery : one.reason));

  it.each([
    ['by the cluster', excluding('image'), {}, source],
    ['by the namespace', profile, { 'exclude-deliveries': 'csi, image' }, ofNamespace],
  ] as const)('is skipped, whatever its name: %s', (_, known, annotations, by) => {
    const admission = inject(known, pod(), at(36), namespace(annotations));
    expect(chosen(admission)).toEqual(['initContainer']);
    const [outcome] = admission.decision.containers;
    expect(outcome).toMatchObject({
      skippedDeliveries: [{ delivery: 'volume', requirement: { why: 'excluded', kind: 'image', by } }],
    });
    const explained = explain({ pod: pod(), namespace: namespace(annotations), catalogue: known, cluster: at(36) });
    expect(explained.deliveries[0]?.skipped).toEqual([
      { delivery: 'volume', why: expect.stringContaining('exclude-deliveries') as string },
    ]);
  });

  it('cannot be named by a setting either', () => {
    const admission = inject(excluding('image'), pod(undefined, { delivery: 'volume' }));
    expect(chosen(admission)).toMatchObject([
      { code: 'delivery-not-possible', requirement: { why: 'excluded', kind: 'image', by: source } },
    ]);
  });

  it('leaves a profile without another one alone', () => {
    const admission = inject(excluding('image,initContainer'), pod());
    expect(chosen(admission)).toMatchObject([{ code: 'no-fitting-delivery', skipped: [{}, {}] }]);
  });

  it('is excluded by the pod never, and by the namespace unless the cluster keeps that to itself', () => {
    const byPod = inject(
      profile,
      pod(undefined, { 'exclude-deliveries': 'image' }),
      at(36),
      namespace({ 'image-volumes': 'on' }),
    );
    expect(chosen(byPod)).toEqual(['volume']);
    expect(byPod.decision.notices).toContainEqual(
      expect.objectContaining({ code: 'setting-locked', setting: 'exclude-deliveries' }),
    );
    const lifting = namespace({ 'exclude-deliveries': 'none', 'image-volumes': 'on' });
    expect(chosen(inject(excluding('image'), pod(), at(36), lifting))).toEqual(['volume']);
    const settableBy = new Map([['exclude-deliveries', ['cluster'] as const]]);
    const locked = withTenancy(excluding('image'), { ...STRICT, settableBy });
    expect(chosen(inject(locked, pod(), at(36), lifting))).toEqual(['initContainer']);
  });

  it('is not misspelled unnoticed: nothing is injected by a delivery that may be meant', () => {
    const admission = inject(profile, pod(), at(36), namespace({ 'exclude-deliveries': 'imgae' }));
    expect(chosen(admission)).toMatchObject([{ code: 'invalid-value', setting: 'exclude-deliveries' }]);
    expect(problemsOfDefaults(profile, [['exclude-deliveries', 'imgae']])).toHaveLength(1);
  });
});

describe('requests and QoS class of the pod', () => {
  // Exact, in millionths, after k8s.io/component-helpers and pkg/apis/core/v1/helper/qos, without any code of src.
  const suffixes: Record<string, bigint> = {
    m: 1_000n,
    '': 1_000_000n,
    k: 10n ** 9n,
    M: 10n ** 12n,
    G: 10n ** 15n,
    Ki: 2n ** 10n * 10n ** 6n,
    Mi: 2n ** 20n * 10n ** 6n,
    Gi: 2n ** 30n * 10n ** 6n,
  };
  const units = (text: string): bigint => {
    const [, whole = '', fraction = '', exponent, suffix = ''] =
      /^(\d*)(?:\.(\d*))?(?:e(\d+)|([a-zA-Z]*))$/.exec(text) ?? [];
    const scale = exponent === undefined ? (suffixes[suffix] ?? 0n) : 10n ** BigInt(exponent) * 1_000_000n;
    const exact = (BigInt(`${whole}${fraction}`) * scale) / 10n ** BigInt(fraction.length);
    return ((exact + 999n) / 1000n) * 1000n;
  };
  type Amounts = Readonly<Record<string, string>> | undefined;
  interface Resources {
    readonly requests?: Amounts;
    readonly limits?: Amounts;
  }
  const own = (one: object): Resources => ('resources' in one ? one.resources : {}) as Resources;
  const get = (amounts: Amounts, name: string): bigint | undefined =>
    amounts?.[name] === undefined ? undefined : units(amounts[name]);
  const requestOf = (one: Container, name: string): bigint =>
    get(own(one).requests, name) ?? get(own(one).limits, name) ?? 0n;
  const max = (one: bigint, other: bigint): bigint => (one > other ? one : other);

  function effective({ spec }: Pod, name: string): bigint {
    let sum = spec.containers.reduce((total, one) => total + requestOf(one, name), 0n);
    let sidecars = 0n;
    let peak = 0n;
    for (const one of spec.initContainers ?? []) {
      const isSidecar = one['restartPolicy'] === 'Always';
      peak = max(peak, sidecars + requestOf(one, name));
      if (isSidecar) [sidecars, sum] = [sidecars + requestOf(one, name), sum + requestOf(one, name)];
    }
    return get(own(spec).requests, name) ?? max(sum, peak);
  }

  function aggregate(given: Pod, name: string): bigint {
    const { resources: _, ...spec } = given.spec;
    return effective({ ...given, spec }, name);
  }

  function qos({ spec }: Pod): string {
    const parts = spec['resources'] ? [spec] : [...spec.containers, ...(spec.initContainers ?? [])];
    const pairs = parts.flatMap((one) =>
      ['cpu', 'memory'].map(
        (name) =>
          [get(own(one).requests, name) ?? get(own(one).limits, name) ?? 0n, get(own(one).limits, name) ?? 0n] as const,
      ),
    );
    if (pairs.every(([request, limit]) => request === 0n && limit === 0n)) return 'BestEffort';
    return pairs.every(([request, limit]) => limit > 0n && request === limit) ? 'Guaranteed' : 'Burstable';
  }

  const cpu = fc.constantFrom('0.1', '100m', '1', '1.5', '2e0', '250m', '3', '50m', '1m', '0.3', '100');
  const memory = fc.constantFrom(
    '128974848',
    '129e6',
    '129M',
    '123Mi',
    '1e3',
    '64Mi',
    '1Gi',
    '0.5Gi',
    '1234567',
    '16Mi',
  );
  const amounts = fc.record({ cpu, memory }, { requiredKeys: [] });
  const resources = fc.oneof(
    fc.constant({}),
    amounts.map((limits) => ({ limits })),
    amounts.map((requests) => ({ requests })),
    fc.record({ cpu, memory }).map((both) => ({ requests: both, limits: both })),
    fc.record({ requests: amounts, limits: amounts }),
  );
  const one = (prefix: string) =>
    fc.tuple(resources, fc.boolean()).map(
      ([own2, sidecar]) =>
        (index: number) =>
          container(`${prefix}${index}`, {
            resources: own2,
            ...(prefix === 'i' && sidecar && { restartPolicy: 'Always' }),
          }),
    );
  const given = fc
    .record({
      containers: fc.oneof(
        fc.array(one('c'), { minLength: 1, maxLength: 3 }),
        fc
          .record({ cpu, memory })
          .map((both) => [(index: number) => container(`c${index}`, { resources: { requests: both, limits: both } })]),
      ),
      initContainers: fc.array(one('i'), { maxLength: 3 }),
      whole: fc.option(fc.record({ requests: amounts }), { freq: 6, nil: undefined }),
      position: fc.constantFrom('first', 'last', 'before i1'),
    })
    .map(({ containers, initContainers, whole, position }) =>
      pod(
        containers.map((make, index) => make(index)),
        { 'init-position': position },
        {
          initContainers: initContainers.map((make, index) => make(index)),
          ...(whole && { resources: whole }),
        },
      ),
    );

  it('stay the same, within the limits of the app containers', () => {
    const known = delivered(
      copied({ requests: { cpu: '200m', memory: '64Mi' }, limits: { cpu: '500m', memory: '256Mi' } }),
    );
    const classes: Record<string, number> = {};
    fc.assert(
      fc.property(given, (before) => {
        const { decision, pod: after } = admit(before, namespace(), known, at(36));
        if (decision.outcome !== 'injected') {
          expect(decision.reason).toMatchObject({ skipped: [{ requirement: { why: 'init-limit' } }] });
          classes['too small'] = (classes['too small'] ?? 0) + 1;
          return;
        }
        for (const name of ['cpu', 'memory']) {
          expect(effective(after, name)).toBe(effective(before, name));
          const whole = get(own(before.spec).requests, name);
          if (whole !== undefined && aggregate(before, name) <= whole)
            expect(aggregate(after, name) <= whole).toBe(true);
        }
        expect(qos(after)).toBe(qos(before));
        classes[qos(before)] = (classes[qos(before)] ?? 0) + 1;
        const added = after.spec.initContainers?.find(({ name }) => name === 'agent-agent');
        for (const name of ['cpu', 'memory']) {
          const limit = get(own(added ?? {}).limits, name);
          const limits = before.spec.containers.map((app) => get(own(app).limits, name));
          if (limit === undefined) continue;
          expect(limit >= (get(own(added ?? {}).requests, name) ?? 0n)).toBe(true);
          expect(limits.some((most) => most === undefined || most >= limit)).toBe(true);
        }
      }),
      { numRuns: 3000, seed: 20_261_121 },
    );
    for (const name of ['BestEffort', 'Burstable', 'Guaranteed', 'too small'])
      expect(classes[name]).toBeGreaterThan(50);
  }, 30_000);
});

describe('templates of several parameters', () => {
  const image = {
    initContainer: {
      image: '${image}${suffix}',
      pullSecret: '${pull-secret}',
      command: ['cp', '-r', '/a/.', '/agent'],
    },
  };
  const known = catalogueOf(
    profileDocument({
      parameters: [
        { name: 'image', type: 'image', description: 'd' },
        { name: 'suffix', type: 'enum', values: ['', '-alpine'], default: '', description: 'd' },
        { name: 'pull-secret', type: 'objectName', description: 'd' },
      ],
      deliveries: [image],
      environment: [{ name: 'A', value: '1', group: 'g' }],
    }),
  );
  const decide = (settings: Record<string, string>) => admit(pod(), plainNamespace(settings), opened(known));

  it('an invalid image name is not written to a pod, which would not start', () => {
    const pinned = `registry.example.com/agent@sha256:${'a'.repeat(64)}`;
    expect(decide({ image: pinned }).decision.outcome).toBe('injected');
    const { decision } = decide({ image: pinned, suffix: '-alpine', delivery: 'initContainer' });
    expect(decision.outcome !== 'injected' && decision.reason).toMatchObject({
      code: 'delivery-not-possible',
      requirement: { why: 'image', image: `${pinned}-alpine` },
    });
  });

  it('a pull secret without a value is left out', () => {
    const without = decide({ image: 'registry.example.com/agent:1' });
    expect(without.decision.outcome).toBe('injected');
    expect(without.pod.spec['imagePullSecrets']).toBeUndefined();
    const named = decide({ image: 'registry.example.com/agent:1', 'pull-secret': 'mirror' });
    expect(named.pod.spec['imagePullSecrets']).toEqual([{ name: 'mirror' }]);
  });
});
