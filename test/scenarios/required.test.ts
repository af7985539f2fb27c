import { describe, expect, it } from 'vitest';
import { admitInContext, type Admission } from '../../src/admission/admit.ts';
import { warningsFor } from '../../src/admission/warnings.ts';
import { readStatus } from '../../src/api/status-annotation.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import type { Catalogue } from '../../src/profiles/catalogue.ts';
import {
  articleEnvironment,
  catalogue,
  catalogueOf,
  catalogueWith,
  container,
  namespace,
  pod,
  profileDocument,
  reasonOf,
} from '../support/fixtures.ts';

const LABEL = 'agent-injector.io/injection';
const must = (annotations: Record<string, string> = {}): Namespace => namespace(annotations, 'required');
const strict: Catalogue = { ...catalogue, strictRequired: true };

interface Asked {
  readonly known?: Catalogue;
  /** True on the path for required pods. */
  readonly required?: boolean;
}

function ask(given: Pod, within: Namespace, { known = catalogue, required }: Asked = {}): Admission {
  return admitInContext({ pod: given, namespace: within, catalogue: known, cluster: unknownCluster, required });
}

const codesOf = ({ decision }: Admission): readonly string[] => decision.notices.map(({ code }) => code);
const labelled = (given: Pod, value: string): Pod => ({
  ...given,
  metadata: { ...given.metadata, labels: { [LABEL]: value } },
});
const ownedBy = (kind: string, given = pod()): Pod => ({
  ...given,
  metadata: {
    ...given.metadata,
    ownerReferences: [{ apiVersion: 'batch/v1', kind, name: 'forged', uid: '0', controller: true }],
  },
});
const java = { image: 'registry.example.com/java:17' };

describe('a pod cannot get out of a required namespace', () => {
  it.each<[string, Pod, Namespace, string]>([
    ['by profile: none', pod(undefined, { profile: 'none' }), must(), 'no-profile'],
    ['by an empty profile', pod(undefined, { profile: '' }), must(), 'no-profile'],
    [
      'by profile: none for its container',
      pod(undefined, { 'profile.agent-injector.io/web': 'none' }),
      must(),
      'no-profile',
    ],
    [
      'by profile: none for one of two containers',
      pod([container('web'), container('real')], { 'profile.agent-injector.io/real': 'none' }),
      must(),
      'no-profile',
    ],
    [
      "by the agent's variables, without its files",
      pod([container('web', { env: articleEnvironment })]),
      must(),
      'variables-already-set',
    ],
    [
      "by the agent's variables, and an empty volume in the place of its files",
      pod(
        [container('web', { env: articleEnvironment, volumeMounts: [{ name: 'x', mountPath: '/netagent' }] })],
        {},
        { volumes: [{ name: 'x', emptyDir: {} }] },
      ),
      must(),
      'variables-already-set',
    ],
    [
      "by the agent's variables, and an empty volume over a part of its files",
      pod(
        [
          container('web', {
            env: articleEnvironment,
            volumeMounts: [
              { name: 'agent', mountPath: '/netagent' },
              { name: 'x', mountPath: '/netagent/bin' },
            ],
          }),
        ],
        {},
        {
          volumes: [
            { name: 'agent', persistentVolumeClaim: { claimName: 'my-agent-file' } },
            { name: 'x', emptyDir: {} },
          ],
        },
      ),
      must(),
      'variables-already-set',
    ],
    [
      "by the agent's variables, and another part of the volume",
      pod(
        [
          container('web', {
            env: articleEnvironment,
            volumeMounts: [{ name: 'agent', mountPath: '/netagent', subPath: 'empty' }],
          }),
        ],
        {},
        { volumes: [{ name: 'agent', persistentVolumeClaim: { claimName: 'my-agent-file' } }] },
      ),
      must(),
      'variables-already-set',
    ],
    ['by delivery: preinstalled', pod(undefined, { delivery: 'preinstalled' }), must(), 'delivery-not-possible'],
    [
      "by delivery: preinstalled and the agent's variables",
      pod([container('web', { env: articleEnvironment })], { delivery: 'preinstalled' }),
      must(),
      'variables-already-set',
    ],
    ['by a label without a meaning', labelled(pod(undefined, { profile: 'none' }), 'off'), must(), 'no-profile'],
    [
      'by one of two containers that cannot be injected',
      pod([container('web'), container('real', { env: [{ name: 'CORECLR_ENABLE_PROFILING', value: '0' }] })]),
      must(),
      'profiling-disabled',
    ],
    [
      'by one of two profiles that cannot be injected',
      pod(undefined, { profile: 'jennifer-dotnet,elastic-dotnet' }),
      must(),
      'missing-parameter',
    ],
    ['by a setting for one container that is not valid', pod(undefined, { libc: 'x' }), must(), 'invalid-value'],
  ])('%s', (_, given, within, code) => {
    const admission = ask(given, within);
    expect(reasonOf(admission)?.code).toBe(code);
    expect(admission.decision).toMatchObject({ outcome: 'refused' });
    expect(admission.operations).toEqual([]);
    expect(admission.decision.containers.filter(({ outcome }) => outcome === 'injected')).toEqual([]);
    // The same by the path, whatever the label of the namespace says.
    expect(ask(given, { ...within, labels: { [LABEL]: 'enabled' } }, { required: true }).decision.outcome).toBe(
      'refused',
    );
    // The same by the label of the pod.
    if (given.metadata?.labels === undefined) {
      const enabled = { ...within, labels: { [LABEL]: 'enabled' } };
      expect(ask(labelled(given, 'required'), enabled).decision.outcome).toBe('refused');
    }
    // An enabled namespace never refuses.
    expect(ask(given, { ...within, labels: { [LABEL]: 'enabled' } }).decision.outcome).not.toBe('refused');
  });

  it.each<[string, Pod, Namespace, string]>([
    [
      'by exclude-owners on the pod',
      ownedBy('ReplicaSet', pod(undefined, { 'exclude-owners': 'ReplicaSet' })),
      must(),
      'setting-locked',
    ],
    ['by a forged owner', ownedBy('Job'), must({ 'exclude-owners': 'Job' }), 'owner-not-excluded'],
    [
      'by another profile than that of the namespace',
      pod(undefined, { profile: 'opentelemetry-python' }),
      must({ profile: 'jennifer-dotnet' }),
      'setting-locked',
    ],
    [
      'by profile: none where the namespace has a profile',
      pod(undefined, { profile: 'none', 'profile.agent-injector.io/web': '' }),
      must({ profile: 'jennifer-dotnet' }),
      'setting-locked',
    ],
    [
      'by other containers than those of the namespace',
      pod([container('web'), container('dummy')], { containers: 'dummy' }),
      must({ containers: 'web' }),
      'setting-locked',
    ],
    [
      'by other containers for the profile than those of the namespace',
      pod([container('web'), container('dummy')], { 'containers.jennifer-dotnet': 'dummy' }),
      must({ containers: 'web' }),
      'setting-locked',
    ],
    [
      'by another delivery than that of the namespace',
      pod(undefined, { delivery: 'preinstalled' }),
      must({ delivery: 'auto' }),
      'setting-locked',
    ],
  ])('%s: it is injected all the same, with a notice', (_, given, within, notice) => {
    const admission = ask(given, within);
    expect(admission.decision.outcome).toBe('injected');
    expect(codesOf(admission)).toContain(notice);
    const [web] = admission.pod.spec.containers;
    expect(web?.volumeMounts).toEqual([expect.objectContaining({ mountPath: '/netagent' })]);
    expect(ask(admission.pod, within).operations).toEqual([]);
    expect(ask(admission.pod, within).decision.outcome).toBe('skipped');
  });

  it('by its owner, where the profile excludes it', () => {
    const known = catalogueOf(
      profileDocument({
        constraints: { os: ['linux'], excludeOwners: ['Job'] },
        environment: [{ name: 'A', value: '1' }],
      }),
    );
    expect(reasonOf(ask(ownedBy('Job'), namespace(), { known }))?.code).toBe('owner-excluded');
    expect(ask(ownedBy('Job'), must(), { known }).decision.outcome).toBe('injected');
  });
});

describe('what namespace and cluster set', () => {
  it.each<[string, Record<string, string>, Catalogue]>([
    ['the namespace', { profile: 'jennifer-dotnet' }, catalogue],
    ["the cluster's own default", {}, catalogueWith({ profile: 'jennifer-dotnet' })],
  ])('is fixed where an agent is required: the profile of %s', (_, annotations, known) => {
    const given = pod(undefined, { profile: 'elastic-dotnet' });
    const admission = ask(given, must(annotations), { known });
    expect(admission.decision).toMatchObject({ outcome: 'injected', containers: [{ profile: 'jennifer-dotnet' }] });
    expect(codesOf(admission)).toEqual(['setting-locked']);
    // Elsewhere the pod chooses.
    expect(ask(given, namespace(annotations), { known }).decision.containers).toMatchObject([
      { profile: 'elastic-dotnet' },
    ]);
  });

  it.each<[string, Record<string, string>]>([
    ['a built-in default', {}],
    ['profile: none of the namespace, which leaves the choice to its pods', { profile: 'none' }],
  ])('does not fix anything: %s', (_, annotations) => {
    const known = catalogueOf(...['a', 'b'].map((name) => profileDocument({ mounts: [{ path: `/${name}` }] }, name)));
    const admission = ask(pod(undefined, { profile: 'b' }), must(annotations), { known });
    expect(admission.decision).toMatchObject({ outcome: 'injected', containers: [{ profile: 'b' }] });
    expect(codesOf(admission)).not.toContain('setting-locked');
  });

  it('gets no notice if the pod sets the same', () => {
    const admission = ask(pod(undefined, { profile: 'jennifer-dotnet' }), must({ profile: 'jennifer-dotnet' }));
    expect(admission.decision).toMatchObject({ outcome: 'injected', notices: [] });
  });

  it('may say that the agent is in the image', () => {
    const within = must({ delivery: 'preinstalled' });
    const admission = ask(pod(), within);
    expect(admission.decision).toMatchObject({ outcome: 'injected', containers: [{ delivery: 'preinstalled' }] });
    expect(reasonOf(ask(admission.pod, within))?.code).toBe('already-instrumented');
  });

  it('decides on the only delivery of a profile, which the pod may not choose if it shows nothing', () => {
    const known = catalogueOf(
      profileDocument({
        deliveries: [{ preinstalled: {} }],
        mounts: [],
        environment: [{ name: 'A', value: '1', group: 'g' }],
      }),
    );
    const given = pod(undefined, { profile: 'agent' });
    expect(reasonOf(ask(given, must(), { known }))?.code).toBe('no-fitting-delivery');
    expect(ask(given, namespace(), { known }).decision.outcome).toBe('injected');
    const within = must({ profile: 'agent' });
    const admission = ask(pod(), within, { known });
    expect(admission.decision.outcome).toBe('injected');
    expect(ask(admission.pod, within, { known }).decision).toMatchObject({
      outcome: 'skipped',
      reason: { code: 'already-instrumented' },
    });
  });

  it('of several profiles, one that applies to no container is no reason to refuse', () => {
    const known = catalogueOf(
      profileDocument({ mounts: [{ path: '/a' }] }, 'a'),
      profileDocument({ mounts: [{ path: '/b' }], containers: { include: [{ image: '*java*' }] } }, 'b'),
    );
    expect(ask(pod(), must(), { known }).decision.outcome).toBe('injected');
    expect(ask(pod([container('web', java)]), must(), { known }).decision.containers).toMatchObject([
      { profile: 'a', outcome: 'injected' },
      { profile: 'b', outcome: 'injected' },
    ]);
  });
});

describe('the two ways out', () => {
  const ways: readonly (readonly [string, Pod])[] = [
    ['the annotation', pod(undefined, { inject: 'false' })],
    ['the label', labelled(pod(), 'disabled')],
  ];

  it.each(ways)('%s leaves a warning, a record and a notice that is counted', (_, given) => {
    const admission = ask(given, must(), { required: true });
    expect(admission.decision).toMatchObject({ outcome: 'skipped', reason: { code: 'opted-out' } });
    expect(codesOf(admission)).toEqual(['required-opt-out']);
    expect(warningsFor(admission.decision)).toEqual([expect.stringContaining('required-opt-out: ')]);
    expect(readStatus(admission.pod)).toMatchObject({ decision: 'skipped', reason: 'opted-out' });
    expect(admission.pod.spec).toEqual(given.spec);
    expect(ask(admission.pod, must(), { required: true }).operations).toEqual([]);
  });

  it.each(ways)('%s leaves nothing where no agent is required', (_, given) => {
    expect(ask(given, namespace())).toMatchObject({ operations: [], decision: { outcome: 'skipped', notices: [] } });
  });

  it('a record that the pod brings is replaced', () => {
    const [, { decision, pod: injected }] = [0, ask(pod(), must())] as const;
    expect(decision.outcome).toBe('injected');
    const forged = injected.metadata?.annotations?.['agent-injector.io/status'] ?? '';
    const admission = ask(pod(undefined, { inject: 'false', status: forged }), must());
    expect(readStatus(admission.pod)).toMatchObject({ decision: 'skipped', reason: 'opted-out' });
  });

  it.each(ways)('%s has no effect if strictRequired is set, except for a notice', (_, given) => {
    const admission = ask(given, must(), { known: strict });
    expect(admission.decision.outcome).toBe('injected');
    expect(codesOf(admission)).toHaveLength(1);
    const broken = { ...given, spec: { ...given.spec, containers: [container('web', { env: articleEnvironment })] } };
    expect(ask(broken, must(), { known: strict }).decision.outcome).toBe('refused');
    // Elsewhere both keep their effect.
    expect(ask(given, namespace(), { known: strict }).decision).toMatchObject({
      outcome: 'skipped',
      reason: { code: 'opted-out' },
    });
  });

  it('a namespace that opts out is no way out either if strictRequired is set', () => {
    const within = must({ inject: 'false' });
    expect(codesOf(ask(pod(), within))).toEqual(['required-opt-out']);
    expect(ask(pod(), within, { known: strict }).decision.outcome).toBe('injected');
  });
});

describe('on the path for required pods', () => {
  it('a namespace that is not opted in, as far as is known, is a reason to refuse', () => {
    const within: Namespace = { ...namespace(), labels: {} };
    expect(ask(pod(), within, { required: true }).decision).toMatchObject({
      outcome: 'refused',
      reason: { code: 'namespace-not-enabled' },
    });
    expect(ask(pod(), within).decision.outcome).toBe('skipped');
  });
});
